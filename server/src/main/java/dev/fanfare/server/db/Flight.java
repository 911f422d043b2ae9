package dev.fanfare.server.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * A connection while a transaction runs on it, and since when the transaction has been waiting for
 * PostgreSQL. The thread of the transaction uses it; {@link DatabaseWatch} looks at it.
 */
final class Flight {
  private final Connection connection;

  /** Null while the transaction does not wait for PostgreSQL. */
  private volatile @Nullable Long waitingSinceNanos;

  Flight(Connection connection) {
    this.connection = connection;
  }

  /** One message to PostgreSQL and its answer. */
  @FunctionalInterface
  interface RoundTrip<T extends @Nullable Object> {
    T make() throws SQLException;
  }

  Connection connection() {
    return connection;
  }

  <T extends @Nullable Object> T await(RoundTrip<T> roundTrip) throws SQLException {
    waitingSinceNanos = System.nanoTime();
    try {
      return roundTrip.make();
    } finally {
      waitingSinceNanos = null;
    }
  }

  void commit() throws SQLException {
    await(() -> {
      connection.commit();
      return null;
    });
  }

  /** Whether it has been waiting for PostgreSQL for longer than {@code bound}. */
  boolean waitsLongerThan(Duration bound) {
    Long since = waitingSinceNanos;
    return since != null && System.nanoTime() - since > bound.toNanos();
  }

  /** The process of PostgreSQL at the other end, as it said when the connection was made. */
  int backend() throws SQLException {
    return connection.unwrap(PGConnection.class).getBackendPID();
  }

  /** Closes the socket under the thread that waits, which then fails as unavailable. */
  void abort() throws SQLException {
    connection.unwrap(org.postgresql.jdbc.PgConnection.class).abort(Runnable::run);
  }
}

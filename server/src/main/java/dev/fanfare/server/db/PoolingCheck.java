package dev.fanfare.server.db;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Finds out whether a pooler such as PgBouncer shares connections of PostgreSQL between
 * transactions. There, settings, prepared statements and LISTEN end up on connections of others.
 *
 * <p>It changes no setting, since that would reach other users of the pooler. Without a pooler it
 * costs one connection and one statement.
 */
final class PoolingCheck {
  private static final String BACKEND = "select pg_catalog.pg_backend_pid()";

  private static final String CANCELED = "57014";

  /** What PgBouncer answers to a transaction in statement mode. */
  private static final String PROTOCOL_VIOLATION = "08P01";

  private static final int TRIES_MAX = 10;

  /** Two suffice if nobody else uses the pooler, whichever connection it takes next. */
  private static final int ROUNDS = 5;

  private PoolingCheck() {}

  /** A connection to the pooler, and the process of PostgreSQL that served it. */
  private static final class Client {
    private final Connection connection;
    private @Nullable Integer backend;

    Client(Connection connection) {
      this.connection = connection;
    }

    /** Whether a process of PostgreSQL serves this connection that did not before. */
    boolean moves() throws SQLException {
      int now = backend(connection);
      boolean moved = backend != null && backend != now;
      backend = now;
      return moved;
    }

    boolean shares(Client other) {
      return backend != null && backend.equals(other.backend);
    }
  }

  /**
   * Whether a pooler at a connector's address gives each transaction another connection.
   *
   * @throws UnusableDatabaseException when it does so within transactions, too
   * @throws SQLException when it does not respond, or rejects the login
   */
  static boolean isShared(Connector connector) throws SQLException {
    try (Connection one = connect(connector)) {
      // A pooler makes up a number of its own.
      if (backend(one) == one.unwrap(PGConnection.class).getBackendPID()) {
        return false;
      }
      refuseWithoutTransactions(one);
      try (Connection other = connect(connector)) {
        return isShared(new Client(one), new Client(other));
      }
    }
  }

  private static Connection connect(Connector connector) throws SQLException {
    Connection connection = connector.login();
    connection.unwrap(PGConnection.class).setPrepareThreshold(0); // leaves no statement behind
    return connection;
  }

  private static boolean isShared(Client one, Client other) throws SQLException {
    for (int round = 0; round < ROUNDS; round++) {
      // A pooler may take the connection that is idle for the shortest time, or the longest.
      boolean moved = one.moves() || other.moves() || one.shares(other) || other.moves();
      if (moved || movesAfterTransaction(one, other) || movesAfterTransaction(other, one)) {
        return true;
      }
    }
    return false;
  }

  /** While a transaction holds one connection of PostgreSQL, the pooler must use another. */
  private static boolean movesAfterTransaction(Client holder, Client other) throws SQLException {
    holder.connection.setAutoCommit(false);
    try {
      if (holder.moves() || other.moves()) {
        return true;
      }
    } finally {
      holder.connection.setAutoCommit(true); // commits
    }
    return other.moves() || holder.moves();
  }

  private static void refuseWithoutTransactions(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try {
      backend(connection);
      connection.setAutoCommit(true); // commits
    } catch (SQLException e) {
      if (PROTOCOL_VIOLATION.equals(e.getSQLState())) {
        throw unusable();
      }
      throw e;
    }
  }

  private static int backend(Connection connection) throws SQLException {
    for (int tries = 1; ; tries++) {
      try (Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery(BACKEND)) {
        rows.next();
        return rows.getInt(1);
      } catch (SQLException e) {
        // A role's statement_timeout may be shorter than any statement of a busy machine.
        if (!CANCELED.equals(e.getSQLState()) || tries == TRIES_MAX) {
          throw e;
        }
      }
    }
  }

  private static UnusableDatabaseException unusable() {
    return new UnusableDatabaseException(
        "FANFARE_DATABASE_URL leads to a pooler that gives each statement another connection of"
            + " PostgreSQL (PgBouncer: pool_mode = statement), so it has no transactions. Let the"
            + " pooler use pool_mode = transaction or session, or name PostgreSQL itself");
  }
}

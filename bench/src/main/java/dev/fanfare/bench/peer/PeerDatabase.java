package dev.fanfare.bench.peer;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The database of one peer, on the PostgreSQL of the benchmark, and a connection to watch it. */
final class PeerDatabase implements AutoCloseable {
  private static final long POLL_MILLIS = 2;
  private static final long AWAIT_NANOS_MAX = TimeUnit.MINUTES.toNanos(2);

  private final PeerDefinition peer;
  private final Map<String, String> environment;
  private final Connection connection;

  private PeerDatabase(
      PeerDefinition peer, Map<String, String> environment, Connection connection) {
    this.peer = peer;
    this.environment = environment;
    this.connection = connection;
  }

  /** Creates an empty database. */
  static PeerDatabase create(PeerDefinition peer, PeerServer server) throws SQLException {
    String name = "peer_" + peer.name().toLowerCase(Locale.ROOT).replace('-', '_');
    try (Connection first = server.connect("postgres");
        Statement statement = first.createStatement()) {
      statement.execute("create database " + name);
    }
    return new PeerDatabase(peer, server.environment(name), server.connect(name));
  }

  /** The environment variables with which a child process finds this database. */
  Map<String, String> environment() {
    return environment;
  }

  /** Empties the tables of jobs, and leaves no pending writes. */
  void clear() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("truncate " + peer.tables());
      statement.execute("checkpoint");
    }
  }

  /** Waits until every job is durably completed. */
  void awaitCompleted() throws SQLException, InterruptedException {
    long begun = System.nanoTime();
    try (PreparedStatement open =
        connection.prepareStatement("select exists (" + peer.open() + ")")) {
      while (isTrue(open)) {
        if (System.nanoTime() - begun > AWAIT_NANOS_MAX) {
          throw new SQLException("Jobs are still open long after all were handled");
        }
        Thread.sleep(POLL_MILLIS);
      }
    }
  }

  private static boolean isTrue(PreparedStatement statement) throws SQLException {
    try (ResultSet result = statement.executeQuery()) {
      return result.next() && result.getBoolean(1);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}

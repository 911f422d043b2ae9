package dev.fanfare.server.db;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.List;

/**
 * The pools of one database: of requests, and of the reserved connections that requests cannot
 * take. Thread-safe.
 */
final class Pools implements AutoCloseable {
  /** How long a connection that was idle may take to prove that it is alive. */
  private static final Duration VALIDATION = Duration.ofSeconds(2);

  private final Connector connector;
  private final HikariDataSource requests;
  private final HikariDataSource reserved;

  /**
   * Opens no connection yet.
   *
   * @param connections the maximum number for requests; two or three more are reserved
   * @param wait how long a thread waits for a connection
   */
  Pools(Connector connector, int connections, Duration wait) {
    this.connector = connector;
    this.requests = pool("fanfare", connector, connections, wait);
    this.reserved = pool("fanfare-reserved", connector, reservedConnections(connections), wait);
  }

  private static int reservedConnections(int requestConnections) {
    return Math.clamp(requestConnections / 4, 2, 3);
  }

  /** As {@link Database#requestConnections}. */
  static int requestConnections(int total) {
    int requests = total - 2 - 2;
    while (requests + reservedConnections(requests) + 2 > total) {
      requests--;
    }
    return requests;
  }

  private static HikariDataSource pool(
      String name, Connector connector, int connections, Duration wait) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(name);
    config.setDataSource(connector);
    config.setMaximumPoolSize(connections);
    config.setConnectionTimeout(wait.toMillis());
    config.setValidationTimeout(Math.min(VALIDATION.toMillis(), wait.toMillis()));
    config.setInitializationFailTimeout(-1); // the first connection was made outside the pool
    config.setAutoCommit(false);
    // Ends the transaction of a validation, which would be the first one of whoever borrows it.
    config.setIsolateInternalQueries(true);
    return new HikariDataSource(config);
  }

  int requestSize() {
    return requests.getMaximumPoolSize();
  }

  int reservedSize() {
    return reserved.getMaximumPoolSize();
  }

  private HikariDataSource pool(boolean isReserved) {
    return isReserved ? reserved : requests;
  }

  /** A connection, to be closed by the caller; the failure says so when the database is away. */
  Connection borrow(boolean isReserved) throws SQLException {
    try {
      return pool(isReserved).getConnection();
    } catch (SQLTransientConnectionException e) {
      SQLException away = connector.failure();
      throw away == null
          ? e
          : new SQLTransientConnectionException(
              "The database is away: " + Causes.of(away), away.getSQLState(), e);
    }
  }

  /** Closes a borrowed connection when it is given back. */
  void evict(boolean isReserved, Connection connection) {
    pool(isReserved).evictConnection(connection);
  }

  /** Has every connection opened anew before it is used again. */
  void reopen() {
    for (HikariDataSource pool : List.of(requests, reserved)) {
      HikariPoolMXBean connections = pool.getHikariPoolMXBean();
      if (connections != null) {
        connections.softEvictConnections();
      }
    }
  }

  @Override
  public void close() {
    requests.close();
    reserved.close();
  }
}

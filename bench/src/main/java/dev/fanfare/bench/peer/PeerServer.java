package dev.fanfare.bench.peer;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;

/** The PostgreSQL of the benchmark, on this machine. */
public record PeerServer(int port, String user, String password) {
  /** The environment variables with which the child processes find their database. */
  static final String JDBC_URL = "PEER_JDBC_URL";

  static final String USER = "PEER_USER";
  static final String PASSWORD = "PEER_PASSWORD";

  private static final String URL = "PEER_DATABASE_URL"; // for node-postgres

  Map<String, String> environment(String database) {
    return Map.of(
        JDBC_URL,
        jdbcUrl(database),
        USER,
        user,
        PASSWORD,
        password,
        URL,
        "postgres://%s:%s@127.0.0.1:%s/%s".formatted(user, password, port, database));
  }

  Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(jdbcUrl(database), user, password);
  }

  private String jdbcUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }
}

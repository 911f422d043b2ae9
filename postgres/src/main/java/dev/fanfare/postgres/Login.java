package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/** The port of a server, and the user and password to log in with. */
record Login(int port, String user, String password) {

  String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }

  Connection connect(String database) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    properties.setProperty("connectTimeout", "5"); // seconds, like the next
    properties.setProperty("socketTimeout", "30");
    properties.setProperty("ApplicationName", "fanfare-start");
    return DriverManager.getConnection(url(database), properties);
  }

  /**
   * Whether a login that failed so may succeed later. SQLSTATE classes: 08, the connection failed;
   * 53, too many connections; 57, the server is starting or stopping. Others, such as a refused
   * password or an unknown time zone, stay the same however long one waits.
   */
  static boolean mayHeal(SQLException failure) {
    String state = failure.getSQLState();
    return state == null || state.matches("(08|53|57).*");
  }

  /** Whether the server behind {@code connection} uses the data folder {@code data}. */
  static boolean worksOn(Path data, Connection connection) throws SQLException, IOException {
    String there = single(connection, "select current_setting('data_directory')");
    return Files.exists(Path.of(there)) && Files.isSameFile(Path.of(there), data);
  }

  /** Creates the database if it does not exist. */
  static void ensureDatabase(String name, Connection connection) throws SQLException {
    String count =
        single(connection, "select count(*) from pg_database where datname = '" + name + "'");
    if (count.equals("0")) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("create database " + name);
      }
    }
  }

  private static String single(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return String.valueOf(rows.getString(1));
    }
  }
}

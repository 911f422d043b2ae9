package dev.fanfare.server.db;

import dev.fanfare.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** Lets a test database say of itself that it is a standby, also on connections that are open. */
final class PretendedStandby implements AutoCloseable {
  private final TestDatabase database;

  private PretendedStandby(TestDatabase database) throws SQLException {
    this.database = database;
    execute(
        "update pg_proc set proname = 'pg_is_really_in_recovery' where proname ="
            + " 'pg_is_in_recovery'",
        "create function pg_catalog.pg_is_in_recovery() returns boolean return true",
        "create schema pretended"); // after which prepared statements look up names again
  }

  /** Pretends until it is closed. */
  static PretendedStandby of(TestDatabase database) throws SQLException {
    return new PretendedStandby(database);
  }

  private void execute(String... statements) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("set allow_system_table_mods = on");
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  @Override
  public void close() throws SQLException {
    execute(
        "drop function pg_catalog.pg_is_in_recovery()",
        "update pg_proc set proname = 'pg_is_in_recovery' where proname ="
            + " 'pg_is_really_in_recovery'",
        "drop schema pretended");
  }
}

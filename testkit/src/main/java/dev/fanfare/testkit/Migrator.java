package dev.fanfare.testkit;

/** Creates the tables that tests expect in an empty database. */
@FunctionalInterface
public interface Migrator {
  /** Migrates the database at {@code jdbcUrl}. Connections left open are terminated afterwards. */
  void migrate(String jdbcUrl, String user, String password) throws Exception;
}

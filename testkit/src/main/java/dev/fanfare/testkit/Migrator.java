package dev.fanfare.testkit;

/** Fills an empty database with the tables that tests expect. */
@FunctionalInterface
public interface Migrator {
  /** Migrates the database behind {@code jdbcUrl}; connections may be left open, they are cut. */
  void migrate(String jdbcUrl, String user, String password) throws Exception;
}

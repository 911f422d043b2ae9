package dev.fanfare.acceptance;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseAddress;
import dev.fanfare.testkit.TestDatabase;

/** Test databases with the schema of the server, so that no server spends seconds on making it. */
public final class MigratedDatabase {
  private MigratedDatabase() {}

  /** Creates a database with all migrations, which the caller closes. */
  public static TestDatabase create() {
    return TestDatabase.create(
        "server",
        (url, user, password) -> Database.migrate(new DatabaseAddress(url, user, password)));
  }
}

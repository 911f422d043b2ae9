package dev.fanfare.server.db;

import dev.fanfare.testkit.TestDatabase;
import java.time.Duration;

/** Test databases with the schema of the server. */
public final class MigratedDatabase {
  private MigratedDatabase() {}

  /** Creates a database with all migrations, which the caller closes. */
  public static TestDatabase create() {
    return TestDatabase.create(
        "server",
        (url, user, password) -> Database.migrate(new DatabaseAddress(url, user, password)));
  }

  /** Opens a pool of {@code connections} to a test database. */
  public static Database open(TestDatabase home, int connections) {
    return Database.open(
        new DatabaseAddress(home.jdbcUrl(), home.user(), home.password()),
        connections,
        Duration.ofSeconds(30));
  }
}

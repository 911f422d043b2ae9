package dev.fanfare.server.db;

import dev.fanfare.testkit.TestDatabase;
import java.time.Duration;
import java.time.InstantSource;

/** Test databases with the schema of the server. */
public final class MigratedDatabase {
  /** The grid of the partitions, as it is by default. */
  public static final IdRanges RANGES = new IdRanges(Duration.ofDays(7), InstantSource.system());

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
        Duration.ofSeconds(30),
        RANGES);
  }
}

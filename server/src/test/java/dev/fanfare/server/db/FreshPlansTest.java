package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Connections keep their plans, and those made on a fresh database are made without statistics.
 * Even then, a run that is read by its id must be found by the primary key.
 */
class FreshPlansTest {
  private static final String ID = "'00000000-0000-0000-0000-000000000000'";

  private static TestDatabase home;
  private static Database database;

  @BeforeAll
  static void start() {
    home = MigratedDatabase.create();
    database = MigratedDatabase.open(home, 2);
  }

  @AfterAll
  static void stop() {
    database.close();
    home.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select payload from runs where environment_id = 1 and run_id = " + ID,
        "select run_id from runs where environment_id = 1 and run_id = " + ID,
        "select payload from runs where environment_id = 1 and run_id = any (array["
            + ID
            + "::uuid])",
        "select payload from runs where environment_id = 1 and run_id = "
            + ID
            + " limit 1 for update",
        "update runs set rank = 1 where environment_id = 1 and run_id = " + ID,
        "select r.payload from unnest(array["
            + ID
            + "::uuid]) as p (run_id) cross join lateral"
            + " (select x.payload from runs x where x.environment_id = 1 and x.run_id = p.run_id"
            + " limit 1) as r"
      })
  void a_run_is_found_by_its_primary_key_even_without_table_statistics(String sql) {
    List<String> plan =
        database.transaction(tx -> tx.sql("explain " + sql).list(r -> r.text("QUERY PLAN")));
    assertThat(plan).anyMatch(line -> line.contains("using runs_pkey on runs"));
  }
}

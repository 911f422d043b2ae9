package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
    assertThat(plan(sql)).anyMatch(line -> line.contains("using runs_first_pkey on runs_first"));
  }

  @ParameterizedTest
  @CsvSource({
    "lanes, lane_id = 1 and not idle, lanes_pkey",
    "lanes, lane_id = any (array[1::int8]), lanes_pkey",
    "lanes, checked_at <= now() order by checked_at limit 1, lanes_checked",
    "delays, run_id = '00000000-0000-0000-0000-000000000000', delays_1_pkey",
    "delays, due_at <= now() order by due_at limit 1, delays_1_due",
    "delays, lane_id = 1 limit 1, delays_1_by_lane",
    "packet_refs, path = 'a' limit 1, packet_refs_first_pkey",
    "packet_refs, run_id between '00000000-0000-0000-0000-000000000000' and "
        + "'00000000-0000-0000-0000-000000000000' order by run_id, "
        + "packet_refs_first_environment_id_run_id_idx"
  })
  void a_lane_or_a_delay_is_found_by_the_index_of_its_condition(
      String table, String condition, String index) {
    assertThat(plan("select from " + table + " where environment_id = 1 and " + condition))
        .anyMatch(line -> line.contains("using " + index + " on " + table));
  }

  /** Autovacuum analyzes tables that a queue has emptied, and plans are made again. */
  @Test
  void the_keys_are_found_although_the_empty_tables_were_analyzed() {
    try (TestDatabase analyzed = MigratedDatabase.create();
        Database connected = MigratedDatabase.open(analyzed, 2)) {
      connected.transaction(tx -> {
        tx.define("analyze lanes, delays, runs, outcomes, batches");
        assertThat(plan(tx, "select from runs where environment_id = 1 and run_id = " + ID))
            .contains("using runs_first_pkey on");
        assertThat(plan(tx, "select from outcomes where environment_id = 1 and run_id = " + ID))
            .contains("using outcomes_first_pkey on");
        assertThat(plan(tx, "select from batches where environment_id = 1 and batch_id = " + ID))
            .contains("using batches_first_pkey on");
        assertThat(plan(tx, "select from delays where environment_id = 1 and run_id = " + ID))
            .contains("using delays_1_pkey on");
        assertThat(plan(tx, "select from lanes where environment_id = 1 and lane_id = 1"))
            .contains("using lanes_pkey on");
        return null;
      });
    }
  }

  private static String plan(Tx tx, String sql) {
    return String.join("\n", tx.sql("explain " + sql).list(r -> r.text("QUERY PLAN")));
  }

  private static List<String> plan(String sql) {
    return database.transaction(tx -> tx.sql("explain " + sql).list(r -> r.text("QUERY PLAN")));
  }
}

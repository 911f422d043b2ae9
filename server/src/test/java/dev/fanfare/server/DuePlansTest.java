package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.component.Sweep;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * The queries that ask where sweeps are due read the ends of indexes, also with plans from the time
 * when there were no statistics: each runs every second, however full the tables are.
 */
class DuePlansTest {
  /** They read the sessions; the tasks, once in ten seconds; the environments, once a minute. */
  private static final List<String> READ_SMALL_TABLES =
      List.of("LapseSweep", "ParkedSweep", "RetentionSweep");

  @Test
  void no_query_reads_or_sorts_a_table() {
    Map<String, String> plans = new TreeMap<>();
    try (Engine engine = Engine.start()) {
      for (Sweep sweep : engine.components.sweeps()) {
        String name = sweep.getClass().getSimpleName();
        String plan = plan(engine, sweep.dueQuery().text());
        if (plan.contains("Seq Scan") || plan.contains("Sort")) {
          plans.put(name, plan);
        }
      }
    }
    plans.keySet().removeAll(READ_SMALL_TABLES);
    assertThat(plans).isEmpty();
  }

  private static String plan(Engine engine, String query) {
    List<String> lines =
        engine.database.transaction(
            tx -> tx.sql("explain (costs off) " + query).list(r -> r.text("QUERY PLAN")));
    return String.join("\n", lines);
  }
}

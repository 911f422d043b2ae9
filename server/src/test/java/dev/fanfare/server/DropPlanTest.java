package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.PlanLog.Plan;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What is read before the partition of old runs is dropped, while writers of such runs wait. */
class DropPlanTest {
  private static final int RUNS = 200_000;
  private static final int LATE = 50;

  /** A tenth of the outcomes. */
  private static final int READ_MAX = RUNS / 10;

  @AutoClose final Engine engine = Engine.start(PlanLog.SETTINGS);

  final Tenant tenant = engine.tenant();

  /** Runs of one lane, of which the last ones end four weeks after they were triggered. */
  private static final String FILL =
      """
      create function pg_temp.id(n bigint) returns uuid immutable
      return (':millis70018000' || lpad(to_hex(n), 12, '0'))::uuid;

      insert into runs (environment_id, run_id, task_id, queue_id, lane_id, rank, created_at, payload,
                        source, is_test)
      select :environment, pg_temp.id(i), l.task_id, l.queue_id, l.lane_id, i, ':now', '{}', 'API', false
        from lanes l, generate_series(1, :runs) as i
       where l.environment_id = :environment;

      insert into outcomes (environment_id, run_id, status, attempt, output, finished_at, duration_ms,
                            version_id)
      select :environment, pg_temp.id(i), 'COMPLETED', 1, '{"a":"' || repeat('x', 50) || '"}',
             ':now'::timestamptz + i * interval '1 second'
             + case when i > :runs - :late then interval '28 days' else '0' end,
             0, 0
        from generate_series(1, :runs) as i;

      vacuum (analyze) outcomes;
      vacuum (analyze) runs;
      """;

  private void fill() throws SQLException {
    String sql =
        FILL.replace(":millis", HexFormat.of().toHexDigits(tenant.now().toEpochMilli(), 12))
            .replace(":now", tenant.now().toString())
            .replace(":environment", String.valueOf(tenant.id()))
            .replace(":runs", String.valueOf(RUNS))
            .replace(":late", String.valueOf(LATE));
    try (Connection connection = engine.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("set auto_explain.log_min_duration = -1");
      statement.execute("set search_path = fanfare");
      for (String each : sql.split(";\n")) {
        statement.execute(each);
      }
    }
  }

  private void weeks(int count) {
    for (int i = 0; i < count; i++) {
      engine.clock.advance(Duration.ofDays(7));
      engine.sweep("PartitionSweep", engine.clock.instant());
    }
  }

  @Test
  void late_runs_are_found_without_reading_all_outcomes() throws SQLException {
    UUID open = tenant.trigger(Item.of("a"));
    fill();
    weeks(4);
    assertThat(tenant.count("runs")).isEqualTo(RUNS + 1);
    List<Plan> plans = new PlanLog(engine.database).during(() -> weeks(4));

    assertThat(tenant.count("runs")).isEqualTo(LATE + 1);
    assertThat(tenant.run(open).id()).isEqualTo(open);
    List<Plan> searches =
        plans.stream().filter(plan -> plan.sql().contains("finished_at >")).toList();
    assertThat(searches).isNotEmpty();
    assertThat(searches.stream().flatMap(plan -> plan.nodes().stream()))
        .as("%s", searches)
        .allSatisfy(node -> assertThat(node.rows()).isLessThan(READ_MAX));
  }
}

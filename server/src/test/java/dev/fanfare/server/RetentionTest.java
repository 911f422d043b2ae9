package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.storage.ReadStorage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * Partitions are created ahead of time, and dropped when their runs are older than the retention.
 */
class RetentionTest {
  private static final Duration WEEK = Duration.ofDays(7);

  /** With the remainder of older ones, the present one and those of the future. */
  private static final int PARTITIONS_MAX = 9;

  @AutoClose final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();
  final Instant begin = engine.clock.instant();

  private void nextWeek() {
    engine.clock.advance(WEEK);
    engine.sweep("PartitionSweep", engine.clock.instant());
  }

  private List<ReadStorage.Period> storage() {
    return new ReadStorage(engine.database, Engine.config()).periods();
  }

  private int partitions(String table) {
    return tenant.number(
        "select count(*)::int as n from pg_inherits where inhparent = '"
            + table
            + "'::regclass"
            + " and :environment > 0");
  }

  @Test
  void after_a_year_only_recent_and_open_runs_are_left() {
    UUID delayed =
        tenant.trigger(
            Item.of("a")
                .payload("\"for next year\"")
                .metadata("{\"m\":1}")
                .tags("late")
                .delayUntil(begin.plus(Duration.ofDays(362))));
    Worker worker = tenant.worker("a");
    List<UUID> finished = new ArrayList<>();
    List<UUID> batches = new ArrayList<>();
    for (int week = 0; week < 52; week++) {
      var batch = tenant.batch(Item.of("a").tags("t"), Item.of("a").metadata("{}").key("k" + week));
      batches.add(batch.batchId());
      for (ClaimedRun run : worker.claim(10)) {
        worker.succeed(run, "1");
        finished.add(run.runId());
      }
      nextWeek();
      Invariants.check(tenant);
      assertThat(partitions("runs")).isLessThanOrEqualTo(PARTITIONS_MAX);
    }
    assertThat(finished).hasSize(104);
    for (String table : List.of("runs", "outcomes", "run_tags", "run_metadata", "batches")) {
      assertThat(partitions(table)).as(table).isLessThanOrEqualTo(PARTITIONS_MAX);
    }
    assertThat(tenant.count("runs")).isBetween(8, 16);
    assertThat(tenant.count("batches")).isBetween(4, 7);
    assertThat(engine.components.run.readRuns().find(tenant.id(), finished.getFirst(), b -> {}))
        .isNull();
    assertThat(tenant.run(finished.getLast()).status()).isEqualTo(RunStatus.COMPLETED);
    assertThat(tenant.status(delayed)).isEqualTo(RunStatus.DELAYED);
    assertThat(tenant.run(delayed).tags()).containsExactly("late");
    assertThat(tenant.run(delayed).metadata()).isEqualTo("{\"m\":1}");

    tenant.queueDue(engine.clock.instant());
    ClaimedRun late = worker.claimOne();
    assertThat(late.runId()).isEqualTo(delayed);
    assertThat(late.payload()).isEqualTo("\"for next year\"");
    assertThat(late.metadata()).isEqualTo("{\"m\":1}");
    worker.succeed(late, "2");
    assertThat(tenant.status(delayed)).isEqualTo(RunStatus.COMPLETED);

    List<ReadStorage.Period> periods = storage();
    assertThat(periods.getFirst())
        .returns(null, ReadStorage.Period::from)
        .returns(true, ReadStorage.Period::remainder)
        .returns(null, ReadStorage.Period::dropAt);
    ReadStorage.Period second = periods.get(1);
    assertThat(second.from()).isEqualTo(periods.getFirst().to());
    assertThat(second.to()).isEqualTo(second.from().plus(WEEK));
    assertThat(second.dropAt()).isEqualTo(second.to().plus(Duration.ofDays(31)));
    assertThat(periods.getLast().to()).isNull();
    assertThat(periods).allSatisfy(period -> assertThat(period.bytes()).isPositive());

    for (int week = 0; week < 7; week++) {
      nextWeek();
    }
    for (String table : List.of("runs", "outcomes", "run_tags", "run_metadata", "batches")) {
      assertThat(tenant.count(table)).as(table).isZero();
    }
  }
}

package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.batch.TriggeredBatch;
import dev.fanfare.server.db.IdRanges;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.storage.ReadStorage;
import dev.fanfare.testkit.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * Partitions are created ahead of time, and dropped when their runs are older than the retention.
 */
class RetentionTest {
  private static final Duration BOUND = Duration.ofSeconds(30);
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
    return new ReadStorage(engine.database, Engine.config()).read().periods();
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

  @Test
  void runs_that_are_not_final_stay_wherever_they_are() {
    Worker worker =
        tenant.worker(Tenant.task("a", new RetryPolicy(5, 3_600_000, 3_600_000, 1, false)));
    UUID retried = tenant.trigger(Item.of("a"));
    worker.fail(worker.claimOne(), 1, true);
    TriggeredBatch batch = tenant.batch(Item.of("a"), Item.of("a"), Item.of("a"));
    List<ClaimedRun> claimed = worker.claim(2);
    worker.start(claimed.getFirst());
    UUID ready = batch.items().get(2).runId();
    UUID parked = tenant.trigger(Item.of("unknown").payload("1").metadata("{\"a\":1}").tags("x"));
    engine.sweep("ParkSweep", engine.clock.instant());
    Map<UUID, RunStatus> before = new HashMap<>();
    List.of(retried, ready, parked, claimed.get(0).runId(), claimed.get(1).runId())
        .forEach(run -> before.put(run, tenant.status(run)));
    assertThat(new HashSet<>(before.values()))
        .contains(
            RunStatus.EXECUTING, RunStatus.DEQUEUED, RunStatus.QUEUED, RunStatus.PENDING_VERSION);

    for (int week = 0; week < 10; week++) {
      nextWeek();
    }
    before.forEach((run, status) -> assertThat(tenant.status(run)).isEqualTo(status));
    Invariants.check(tenant);
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.PENDING);
    claimed.forEach(run -> worker.succeed(run, "1"));
    worker.succeed(worker.claimOne(), "1");
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(tenant.run(parked).tags()).containsExactly("x");
    assertThat(tenant.run(parked).metadata()).isEqualTo("{\"a\":1}");
    Invariants.check(tenant);
  }

  @Test
  void the_runs_of_a_partition_are_counted_before_it_is_analyzed() {
    nextWeek();
    tenant.triggerMany(1_500, Item.of("a"));
    // A process reports what it has counted when it has been idle for a while.
    Await.until(
        "the runs are counted",
        Duration.ofMinutes(1),
        () -> storage().stream().mapToLong(ReadStorage.Period::runs).sum() == 1_500);
  }

  /** The run that a slow transaction stores must be visible to whoever looks for what stays. */
  @Test
  void a_run_with_an_old_id_that_is_committed_late_is_not_lost() {
    for (int attempt = 0; attempt < 5; attempt++) {
      UUID model = tenant.trigger(Item.of("a"));
      long old = engine.clock.millis();
      for (int week = 0; week < 5; week++) {
        nextWeek();
      }
      engine.clock.advance(WEEK);
      UUID late = new UUID(old << 16 | 0x7fff, 0x8000_0000_0000_0000L | attempt);
      FutureTask<Void> sweep =
          new FutureTask<>(() -> {
            nextWeek();
            nextWeek();
            return null;
          });
      engine.database.transaction(
          tenant.id(),
          tx -> {
            store(tx, model, late);
            Thread.ofVirtual().start(sweep);
            Await.until(
                "the sweep waits, or has given up", BOUND, () -> isLockAwaited() || sweep.isDone());
            return null;
          });
      assertThat(sweep).succeedsWithin(BOUND);
      nextWeek();
      assertThat(tenant.status(late)).isEqualTo(RunStatus.QUEUED);
      assertThat(tenant.run(late).tags()).containsExactly("late");
      Worker worker = tenant.worker("a");
      assertThat(worker.claimIds(10)).contains(model, late);
      worker.close();
    }
  }

  private static void store(Tx tx, UUID model, UUID runId) {
    tx.sql(
            """
            insert into runs
                   (environment_id, run_id, task_id, queue_id, lane_id, rank, created_at, tags,
                    source, is_test)
            select environment_id, :run_id, task_id, queue_id, lane_id, rank, created_at, :tags,
                   source, is_test
              from runs
             where environment_id = :environment
               and run_id = :model
            """)
        .bind("run_id", runId)
        .bind("model", model)
        .texts("tags", List.of("late"))
        .update();
    tx.sql(
            """
            insert into ready
                   (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt,
                    losses)
            select environment_id, task_id, version_id, lane_id, rank, :run_id, fence, attempt,
                   losses
              from ready
             where environment_id = :environment
               and last_id = :model
            """)
        .bind("run_id", runId)
        .bind("model", model)
        .update();
  }

  private boolean isLockAwaited() {
    return tenant.number(
            "select count(*)::int as n from pg_locks where not granted and :environment > 0")
        > 0;
  }

  @Test
  void a_claim_finds_runs_of_partitions_that_are_long_past() {
    engine.clock.set(begin.minus(Duration.ofDays(70)));
    engine.sweep("PartitionSweep", engine.clock.instant());
    UUID oldest = tenant.trigger(Item.of("a").payload("1").metadata("{\"n\":1}"));
    UUID important = tenant.trigger(Item.of("a").payload("2").priority(Duration.ofDays(365)));
    for (int week = 0; week < 10; week++) {
      nextWeek();
    }
    UUID recent = tenant.trigger(Item.of("a").payload("3"));
    Worker worker = tenant.worker("a");

    List<ClaimedRun> runs = worker.claim(10);
    assertThat(runs)
        .extracting(ClaimedRun::runId, ClaimedRun::payload, ClaimedRun::metadata)
        .containsExactly(
            tuple(important, "2", null), tuple(oldest, "1", "{\"n\":1}"), tuple(recent, "3", null));
    runs.forEach(run -> worker.succeed(run, "1"));
    Invariants.check(tenant);
  }

  @Test
  void a_reader_delays_the_change_of_partitions_and_nobody_else() {
    nextWeek();
    int before = partitions("runs");
    engine.database.transaction(tx -> {
      tx.sql("select from runs limit 1").list(r -> true);
      nextWeek();
      assertThat(partitions("runs")).isEqualTo(before);
      return tenant.trigger(Item.of("a")); // it waits for nobody
    });
    engine.sweep("PartitionSweep", engine.clock.instant());
    assertThat(partitions("runs")).isGreaterThan(before);
  }

  /** Starting over would mean reading and copying the surviving rows a second time. */
  @Test
  void a_drop_that_meets_a_long_read_tries_again_to_lock_its_table() {
    tenant.trigger(Item.of("a"));
    nextWeek();
    ReadStorage.Period next =
        storage().stream().filter(period -> period.dropAt() != null).findFirst().orElseThrow();
    Instant due = Objects.requireNonNull(next.dropAt());
    for (Instant before = due.minus(Duration.ofHours(1));
        engine.clock.instant().isBefore(before); ) {
      Instant week = engine.clock.instant().plus(WEEK);
      engine.clock.set(week.isBefore(before) ? week : before);
      engine.sweep("PartitionSweep", engine.clock.instant());
    }
    assertThat(storage().getFirst().remainder()).isFalse();
    engine.clock.set(due.plusSeconds(60)); // nothing else is due
    FutureTask<Void> sweep =
        new FutureTask<>(() -> {
          engine.sweep("PartitionSweep", engine.clock.instant());
          return null;
        });
    engine.database.transaction(tx -> {
      tx.sql("select from runs limit 1").list(r -> true);
      Thread.ofVirtual().start(sweep);
      Await.until("the sweep waits", BOUND, () -> awaitedSince() > 0);
      int first = awaitedSince();
      Await.until("it waits again", BOUND, () -> awaitedSince() > 0 && awaitedSince() != first);
      return null;
    });
    assertThat(sweep).succeedsWithin(BOUND);
    assertThat(storage().getFirst())
        .returns(true, ReadStorage.Period::remainder)
        .returns(next.to(), ReadStorage.Period::to);
  }

  /** Tells two waits for a lock apart: microseconds of the minute in which it began; 0: no wait. */
  private int awaitedSince() {
    return tenant.number(
        "select coalesce(max(extract(microseconds from waitstart))::int, 0) as n from pg_locks"
            + " where not granted and :environment > 0");
  }

  @Test
  void the_key_of_a_dropped_run_starts_a_new_one() {
    Item keyed = Item.of("a").key("k", Duration.ofDays(300));
    UUID first = tenant.trigger(keyed);
    Worker worker = tenant.worker("a");
    worker.succeed(worker.claimOne(), "1");
    assertThat(tenant.trigger(keyed)).isEqualTo(first);
    for (int week = 0; week < 8; week++) {
      nextWeek();
    }
    UUID second = tenant.trigger(keyed);
    assertThat(second).isNotEqualTo(first);
    assertThat(tenant.trigger(keyed)).isEqualTo(second);
  }

  @Test
  void a_server_with_a_clock_far_ahead_finds_a_place_for_its_runs() {
    engine.clock.advance(Duration.ofDays(3_000));
    UUID future = tenant.trigger(Item.of("a").payload("1"));
    engine.clock.set(begin);
    nextWeek();
    nextWeek();
    UUID present = tenant.trigger(Item.of("a"));
    assertThat(tenant.status(future)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.worker("a").claimIds(10)).containsExactlyInAnyOrder(future, present);
  }

  /** A dump restores the keys of tables before their other indexes. */
  @Test
  void a_new_partition_is_read_by_its_primary_key_even_after_a_restore() {
    engine.database.transaction(tx -> {
      tx.define("drop index runs_by_task");
      tx.define("create index runs_by_task on runs (environment_id, task_id, queue_id, run_id)");
      return null;
    });
    nextWeek();
    UUID future = IdRanges.first(engine.clock.instant().plus(WEEK).plus(WEEK).toEpochMilli());
    String plan =
        engine.database.transaction(tx ->
            String.join(
                "\n",
                tx.sql(
                        "explain select payload from runs where environment_id = 1 and run_id = '"
                            + future
                            + "'")
                    .list(r -> r.text("QUERY PLAN"))));
    assertThat(plan).containsPattern("Index Scan using runs_[0-9]+_pkey on runs_[0-9]+ ");
  }
}

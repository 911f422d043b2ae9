package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.batch.Batch;
import dev.fanfare.server.batch.TriggeredBatch;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.text.Hash;
import dev.fanfare.testkit.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Many runs in one request. */
class BatchTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private static List<UUID> ids(TriggeredBatch batch) {
    return batch.items().stream().map(TriggeredBatch.Item::runId).toList();
  }

  @Test
  void BAT_01_two_items_create_two_queued_runs_that_belong_to_the_batch() {
    TriggeredBatch batch = tenant.batch(Item.of("a"), Item.of("b"));
    assertThat(batch.items()).hasSize(2);
    assertThat(batch.cached()).isFalse();
    for (UUID run : ids(batch)) {
      assertThat(tenant.run(run).batchId()).isEqualTo(batch.batchId());
      assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    }
    assertThat(tenant.count("ready")).isEqualTo(2);
    Batch stored = tenant.stored(batch.batchId());
    assertThat(stored.status()).isEqualTo(BatchStatus.PENDING);
    assertThat(stored.runIds()).isEqualTo(ids(batch));
  }

  @Test
  void BAT_02_BAT_14_a_batch_completes_when_its_last_run_ends_and_not_before() {
    Worker worker = tenant.worker("a");
    UUID batch = tenant.batch(Item.of("a"), Item.of("a")).batchId();
    List<ClaimedRun> claimed = worker.claim(2);
    worker.succeed(claimed.get(0), "1");
    assertThat(tenant.stored(batch).status()).isEqualTo(BatchStatus.PENDING);
    assertThat(tenant.stored(batch).completedAt()).isNull();
    worker.fail(claimed.get(1), 1, false);
    assertThat(tenant.stored(batch).status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(tenant.stored(batch).completedAt()).isNotNull();
  }

  @Test
  void BAT_03_a_run_that_failed_at_creation_counts_as_ended() {
    Worker worker = tenant.worker("a");
    RunError error = RunError.internal(RunError.Codes.COULD_NOT_TRIGGER, "too long");
    TriggeredBatch batch = tenant.batch(Item.of("a").failure(error), Item.of("a"));
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.PENDING);
    worker.succeed(worker.claimOne(), "1");
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(tenant.finalRuns(batch.batchId()))
        .extracting(Run::status)
        .containsExactly(RunStatus.SYSTEM_FAILURE, RunStatus.COMPLETED);
  }

  @Test
  void BAT_03_a_batch_whose_runs_all_failed_at_creation_is_completed_at_once() {
    RunError error = RunError.internal(RunError.Codes.COULD_NOT_TRIGGER, "too long");
    UUID batch = tenant.batch(Item.of("a").failure(error)).batchId();
    assertThat(tenant.stored(batch).status()).isEqualTo(BatchStatus.COMPLETED);
  }

  @Test
  void BAT_04_a_batch_that_cannot_be_stored_completely_stores_nothing() {
    tenant.worker("a");
    assertThatThrownBy(() ->
            tenant.batch(
                Item.of("a").key("k").tags("t"),
                Item.of("a").delayUntil(engine.clock.instant().plusSeconds(9)),
                Item.of("a").payload("\"\u0000\"")))
        .isInstanceOf(DatabaseException.class);
    for (String table :
        List.of("runs", "ready", "delays", "batches", "idempotency_keys", "run_tags")) {
      assertThat(tenant.count(table)).as(table).isZero();
    }
  }

  @Test
  void BAT_05_runs_keep_the_order_of_their_items_however_they_are_read() {
    Worker worker = tenant.worker("a");
    Item[] items = new Item[1_000];
    for (int i = 0; i < items.length; i++) {
      items[i] = Item.of("a").payload(Integer.toString(i));
    }
    List<UUID> runs = ids(tenant.batch(items));
    assertThat(runs).isSortedAccordingTo(Comparator.comparing(UUID::toString));
    List<ClaimedRun> claimed = new ArrayList<>(worker.claim(500));
    claimed.addAll(worker.claim(500));
    assertThat(claimed).extracting(ClaimedRun::runId).isEqualTo(runs);
    assertThat(tenant.run(runs.get(777)).payload()).isEqualTo("777");
  }

  @Test
  void BAT_07_a_repeated_request_returns_the_first_batch() {
    Hash request = Hash.of("request 1, tasks a");
    TriggeredBatch first = tenant.batch(null, request, Item.of("a"), Item.of("a").key("k"));
    TriggeredBatch again = tenant.batch(null, request, Item.of("a"), Item.of("a").key("k"));
    assertThat(again.repeated()).isTrue();
    assertThat(again.cached()).isFalse();
    assertThat(again.batchId()).isEqualTo(first.batchId());
    assertThat(again.items()).isEqualTo(first.items());
    assertThat(tenant.count("runs")).isEqualTo(2);
    assertThat(tenant.count("batches")).isEqualTo(1);
  }

  @Test
  void BAT_07_a_request_with_a_known_batch_key_returns_the_same_batch_each_time() {
    TriggeredBatch first = tenant.batch("batch key", null, Item.of("a"));
    Hash request = Hash.of("request 1, tasks a");
    for (int i = 0; i < 3; i++) {
      TriggeredBatch again = tenant.batch("batch key", request, Item.of("a"));
      assertThat(again.batchId()).isEqualTo(first.batchId());
      assertThat(ids(again)).isEqualTo(ids(first));
    }
    assertThat(tenant.count("runs")).isEqualTo(1);
  }

  @Test
  void BAT_08_a_request_key_in_another_environment_or_for_other_tasks_creates_a_new_batch() {
    Hash request = Hash.of("request 1, tasks a");
    UUID first = tenant.batch(null, request, Item.of("a")).batchId();
    assertThat(engine.tenant().batch(null, request, Item.of("a")).batchId()).isNotEqualTo(first);
    Hash otherTasks = Hash.of("request 1, tasks b");
    assertThat(tenant.batch(null, otherTasks, Item.of("b")).batchId()).isNotEqualTo(first);
  }

  @Test
  void BAT_10_the_options_of_each_item_apply_to_that_item() {
    Worker worker = tenant.worker("a", "b");
    Instant due = engine.clock.instant().plusSeconds(60);
    List<UUID> runs =
        ids(
            tenant.batch(
                Item.of("a").payload("0"),
                Item.of("b").payload("1").queue("q").concurrencyKey("k"),
                Item.of("a").payload("2").delayUntil(due),
                Item.of("a").payload("3").tags("x", "y").metadata("{\"m\":3}"),
                Item.of("a").payload("4").priority(Duration.ofSeconds(30)),
                Item.of("a").payload("5").maxAttempts(7),
                Item.of("a").payload("6").key("key 6")));
    assertThat(tenant.status(runs.get(2))).isEqualTo(RunStatus.DELAYED);
    assertThat(tenant.run(runs.get(2)).delayedUntil()).isEqualTo(due);
    assertThat(tenant.run(runs.get(1)).queue()).isEqualTo("q");
    assertThat(tenant.run(runs.get(3)).tags()).containsExactly("x", "y");
    assertThat(tenant.run(runs.get(3)).metadata()).isEqualTo("{\"m\":3}");
    assertThat(tenant.run(runs.get(6)).idempotencyKey()).isEqualTo("key 6");
    List<ClaimedRun> claimed = worker.claim(10);
    assertThat(claimed)
        .extracting(ClaimedRun::payload)
        .containsExactly("4", "0", "1", "3", "5", "6");
    assertThat(claimed).extracting(ClaimedRun::maxAttempts).containsExactly(1, 1, 1, 1, 7, 1);
    assertThat(claimed.get(2).queue()).isEqualTo("q");
  }

  @Test
  void BAT_11_each_item_gets_a_key_derived_from_the_batch_key_unless_it_has_its_own() {
    TriggeredBatch first =
        tenant.batch("batch key", null, Item.of("a"), Item.of("a").key("own"), Item.of("a"));
    assertThat(first.key()).isEqualTo("batch key");
    assertThat(first.items()).extracting(TriggeredBatch.Item::key).doesNotContainNull();
    assertThat(first.items().get(1).key()).isEqualTo("own");
    assertThat(ids(first)).doesNotHaveDuplicates();

    TriggeredBatch again =
        tenant.batch("batch key", null, Item.of("a"), Item.of("a").key("own"), Item.of("a"));
    assertThat(again.batchId()).isEqualTo(first.batchId());
    assertThat(again.cached()).isTrue();
    assertThat(ids(again)).isEqualTo(ids(first));

    assertThat(tenant.triggered(Item.of("a").key("own")).runId()).isEqualTo(ids(first).get(1));
    String derived = Hash.of("batch key-2").hex();
    assertThat(tenant.triggered(Item.of("a").key(derived)).runId()).isEqualTo(ids(first).get(2));
    assertThat(tenant.count("runs")).isEqualTo(3);
  }

  @Test
  void BAT_12_a_batch_counts_only_the_runs_it_created() {
    Worker worker = tenant.worker("a");
    TriggeredBatch first = tenant.batch(Item.of("a").key("shared"), Item.of("a"));
    engine.clock.advance(Duration.ofSeconds(1));
    TriggeredBatch second = tenant.batch(Item.of("a").key("shared"), Item.of("a"));
    assertThat(ids(second).get(0)).isEqualTo(ids(first).get(0));
    assertThat(second.items().get(0).cached()).isTrue();

    Tenant other = engine.tenant();
    UUID elsewhere = other.batch(Item.of("a")).batchId();

    for (ClaimedRun run : worker.claim(2)) {
      worker.succeed(run, "1");
    }
    assertThat(tenant.stored(first.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(tenant.stored(second.batchId()).status()).isEqualTo(BatchStatus.PENDING);
    assertThat(other.stored(elsewhere).status()).isEqualTo(BatchStatus.PENDING);
    worker.succeed(worker.claimOne(), "1");
    assertThat(tenant.stored(second.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(tenant.finalRuns(second.batchId())).hasSize(2);
  }

  /** The transaction that completes the batch begins before the other run ends. */
  @Test
  void BAT_02_a_batch_completes_no_earlier_than_its_runs() throws Exception {
    Worker last = tenant.worker("a");
    Worker other = tenant.worker("a");
    UUID batch = tenant.batch(Item.of("a"), Item.of("a")).batchId();
    ClaimedRun held = last.claim(1).getFirst();
    ClaimedRun run = other.claim(1).getFirst();
    Thread report =
        engine.database.transaction(
            tenant.id(),
            tx -> {
              tx.sql(
                      """
                      select from leases
                       where environment_id = :environment and run_id = :run_id
                         for update
                      """)
                  .bind("run_id", held.runId())
                  .first(r -> true);
              Thread waiting = Thread.startVirtualThread(() -> last.succeed(held, "1"));
              Await.until("the report to wait for the lease", SOON, () -> waiting() > 0);
              other.succeed(run, "1");
              return waiting;
            });
    report.join();
    assertThat(tenant.stored(batch).status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(tenant.stored(batch).completedAt())
        .isAfterOrEqualTo(tenant.run(run.runId()).finishedAt());
  }

  private int waiting() {
    return tenant.number(
        """
        select count(*)::int as n from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'
        """);
  }

  @Test
  void BAT_12_two_items_with_one_key_are_one_run_that_counts_once() {
    Worker worker = tenant.worker("a");
    TriggeredBatch batch = tenant.batch(Item.of("a").key("k"), Item.of("a").key("k"));
    assertThat(ids(batch).get(0)).isEqualTo(ids(batch).get(1));
    assertThat(batch.items()).extracting(TriggeredBatch.Item::cached).containsExactly(false, true);
    worker.succeed(worker.claimOne(), "1");
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(tenant.finalRuns(batch.batchId())).hasSize(2);
  }

  @Test
  void BAT_19_a_small_batch_does_not_wait_behind_a_large_one_of_another_environment() {
    tenant.triggerMany(1_000, Item.of("a"));
    Tenant other = engine.tenant();
    List<UUID> small = ids(other.batch(Item.of("a"), Item.of("a")));
    assertThat(other.worker("a").claimIds(10)).isEqualTo(small);
  }

  @Test
  void BAT_13_reports_after_a_batch_completed_change_nothing() {
    Worker worker = tenant.worker("a");
    UUID batch = tenant.batch(Item.of("a")).batchId();
    ClaimedRun run = worker.claimOne();
    worker.succeed(run, "1");
    Batch completed = tenant.stored(batch);
    assertThat(worker.succeed(run, "2").lost()).hasSize(1);
    assertThat(worker.fail(run, 1, false).lost()).hasSize(1);
    assertThat(tenant.stored(batch)).isEqualTo(completed);
    assertThat(tenant.run(run.runId()).output()).isEqualTo("1");
  }

  @Test
  void BAT_13_a_report_that_names_a_run_twice_counts_it_once() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 5));
    UUID batch = tenant.batch(Item.of("a"), Item.of("a"), Item.of("a")).batchId();
    List<ClaimedRun> runs = worker.claim(3);
    worker.report(
        List.of(),
        List.of(
            Worker.success(runs.get(0), 1, "1"),
            Worker.success(runs.get(0), 1, "2"),
            Worker.failure(runs.get(0), 1, false),
            Worker.failure(runs.get(1), 1, false),
            Worker.failure(runs.get(1), 1, false)),
        List.of());
    assertThat(
            tenant.number("select open_runs as n from batches where environment_id = :environment"))
        .isEqualTo(1);
    assertThat(tenant.slotsInUse()).isEqualTo(1);
    assertThat(tenant.run(runs.get(0).runId()).output()).isEqualTo("1");
    worker.succeed(runs.get(2), "1");
    assertThat(tenant.stored(batch).status()).isEqualTo(BatchStatus.COMPLETED);
  }

  @Test
  void nothing_is_shown_before_its_creation_when_the_clock_of_the_server_is_ahead() {
    Worker worker = tenant.worker("a");
    engine.clock.advance(Duration.ofHours(2));
    UUID batch = tenant.batch(Item.of("a"), Item.of("a")).batchId();
    List<ClaimedRun> runs = worker.claim(2);
    worker.start(runs.get(0));
    worker.succeed(runs.get(0), "1");
    worker.fail(runs.get(1), 1, false);
    Batch completed = tenant.stored(batch);
    List<Run> shown = new ArrayList<>(tenant.finalRuns(batch));
    runs.forEach(run -> shown.add(tenant.run(run.runId())));
    assertThat(shown)
        .hasSize(4)
        .allSatisfy(run -> {
          assertThat(run.startedAt()).isAfterOrEqualTo(run.createdAt());
          assertThat(run.finishedAt()).isAfterOrEqualTo(run.startedAt());
          assertThat(run.updatedAt()).isAfterOrEqualTo(run.createdAt());
          assertThat(completed.completedAt()).isAfterOrEqualTo(run.finishedAt());
        });
    assertThat(completed.completedAt()).isAfterOrEqualTo(completed.createdAt());
  }
}

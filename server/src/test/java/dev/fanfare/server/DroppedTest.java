package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.PARTITION_SPAN;
import static dev.fanfare.server.config.ServerSettings.RETENTION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.batch.AnnounceBatch;
import dev.fanfare.server.batch.AnnounceBatch.Announced;
import dev.fanfare.server.batch.TriggeredBatch;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.Retention;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.TriggeredRun;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What refers to a run or batch that was dropped is as if it had never been. */
class DroppedTest {
  static final Duration SHORT = Duration.ofMinutes(1);

  @AutoClose final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private final List<Sweep> sweeps =
      engine
          .server(Engine.config().with(RETENTION, retention()).with(PARTITION_SPAN, SHORT))
          .sweeps()
          .stream()
          .filter(sweep -> sweep.getClass().getPackageName().endsWith(".storage"))
          .toList();

  /** How long the server keeps runs. */
  Retention retention() {
    return new Retention(SHORT);
  }

  /** Drops all runs and batches that are final, before any key expires. */
  private void drop() {
    sweep();
    engine.clock.advance(Duration.ofMinutes(45));
    sweep();
  }

  private void sweep() {
    Instant now = engine.clock.instant();
    for (Sweep sweep : sweeps) {
      while (sweep.runOnce(sweep.isOfDatabase() ? 0 : tenant.id(), now) > 0) {
        // until nothing is left
      }
    }
  }

  private void finishAll() {
    Worker worker = tenant.worker("a");
    for (ClaimedRun run : worker.claim(100)) {
      worker.succeed(run, "1");
    }
    worker.close();
  }

  private void finishAndDrop() {
    finishAll();
    drop();
    assertThat(tenant.count("runs")).isZero();
    assertThat(tenant.count("batches")).isZero();
  }

  private static List<UUID> runIds(TriggeredBatch batch) {
    return batch.items().stream().map(TriggeredBatch.Item::runId).toList();
  }

  @Test
  void a_repeated_trigger_returns_the_run_that_was_dropped() {
    Hash request = Hash.of("request");
    TriggeredRun first = tenant.triggered(Item.of("a"), request);
    finishAndDrop();
    assertThat(tenant.triggered(Item.of("a"), request).runId()).isEqualTo(first.runId());
    assertThat(tenant.count("runs")).isZero();
  }

  @Test
  void the_idempotency_key_of_a_dropped_run_creates_a_run() {
    UUID first = tenant.trigger(Item.of("a").key("k"));
    finishAndDrop();
    TriggeredRun second = tenant.triggered(Item.of("a").key("k"));
    assertThat(second.cached()).isFalse();
    assertThat(second.runId()).isNotEqualTo(first);
    assertThat(tenant.triggered(Item.of("a").key("k")).runId()).isEqualTo(second.runId());
  }

  @Test
  void the_batch_key_of_a_dropped_batch_goes_to_the_next_batch() {
    TriggeredBatch first = tenant.batch("k", null, Item.of("a"), Item.of("a"));
    finishAndDrop();
    TriggeredBatch second = tenant.batch("k", null, Item.of("a"), Item.of("a"));
    assertThat(second.cached()).isFalse();
    assertThat(second.repeated()).isFalse();
    assertThat(second.batchId()).isNotEqualTo(first.batchId());
    assertThat(runIds(second)).doesNotContainAnyElementsOf(runIds(first));
    TriggeredBatch third = tenant.batch("k", null, Item.of("a"), Item.of("a"));
    assertThat(third.cached()).isTrue();
    assertThat(third.batchId()).isEqualTo(second.batchId());
    assertThat(runIds(third)).isEqualTo(runIds(second));
  }

  @Test
  void a_repeated_batch_that_was_dropped_is_created_again() {
    Hash request = Hash.of("request");
    TriggeredBatch first = tenant.batch("k", request, Item.of("a"));
    finishAndDrop();
    TriggeredBatch second = tenant.batch("k", request, Item.of("a"));
    assertThat(second.batchId()).isNotEqualTo(first.batchId());
    assertThat(second.repeated()).isFalse();
    TriggeredBatch third = tenant.batch("k", request, Item.of("a"));
    assertThat(third.batchId()).isEqualTo(second.batchId());
    assertThat(third.repeated()).isTrue();
    assertThat(third.cached()).isFalse();
  }

  private Announced announce(String key, Hash request, OneTimeToken token) {
    NewRun.Key batchKey = key == null ? null : new NewRun.Key(key, Item.KEY_LIFE);
    return engine
        .components
        .batch
        .announceBatch()
        .announce(tenant.id(), new AnnounceBatch.Announcement(1, null, batchKey, request, token))
        .orElseThrow(HttpError::of);
  }

  @Test
  void keys_of_a_dropped_batch_announce_another() {
    tenant.batch("k", null, Item.of("a"));
    finishAndDrop();
    Hash request = Hash.of("request");
    Announced first = announce("k", request, null);
    assertThat(first.repeated()).isFalse();
    assertThat(announce("k", null, null).batchId()).isEqualTo(first.batchId());
    assertThat(announce(null, request, null).batchId()).isEqualTo(first.batchId());

    // It is aborted, and so final.
    engine.sweep("UnsealedSweep", engine.clock.instant().plus(Duration.ofMinutes(30)));
    drop();
    assertThat(tenant.count("batches")).isZero();
    Announced again = announce(null, request, null);
    assertThat(again.repeated()).isFalse();
    assertThat(again.batchId()).isNotEqualTo(first.batchId());
    assertThat(announce(null, request, null).batchId()).isEqualTo(again.batchId());
  }

  @Test
  void a_used_token_stays_used_after_its_batch_was_dropped() {
    OneTimeToken token =
        new OneTimeToken("%064x".formatted(1), engine.clock.instant().plus(Duration.ofDays(1)));
    tenant.triggered(Item.of("a"), token);
    finishAndDrop();
    assertThatThrownBy(() -> tenant.triggered(Item.of("a"), token)).isInstanceOf(HttpError.class);
    assertThatThrownBy(() -> tenant.batch(token, Item.of("a"))).isInstanceOf(HttpError.class);
    assertThatThrownBy(() -> announce(null, null, token)).isInstanceOf(HttpError.class);
    assertThat(tenant.count("runs")).isZero();
    assertThat(tenant.count("batches")).isZero();
  }

  @Test
  void a_batch_outlives_its_final_runs_and_omits_them() {
    Item late = Item.of("a").delayUntil(engine.clock.instant().plus(Duration.ofDays(3)));
    TriggeredBatch batch =
        tenant.batch("k", null, Item.of("a"), Item.of("a").key("own"), late, Item.of("a"), late);
    finishAll();
    assertThat(tenant.finalRuns(batch.batchId())).hasSize(3);
    drop();
    UUID id = batch.batchId();
    List<UUID> ids = runIds(batch);
    assertThat(tenant.count("runs")).isEqualTo(2);
    assertThat(tenant.stored(id).runIds()).isEqualTo(ids);
    assertThat(tenant.finalRuns(id)).isEmpty();
    TriggeredBatch repeated =
        tenant.batch("k", null, Item.of("a"), Item.of("a"), late, Item.of("a"), late.key("4"));
    assertThat(repeated.batchId()).isEqualTo(id);
    assertThat(runIds(repeated)).containsExactly(ids.get(2), ids.get(4));
    assertThat(repeated.items()).allMatch(TriggeredBatch.Item::cached);
    assertThat(repeated.items().getLast().key()).isEqualTo("4");

    engine.sweep("DueSweep", engine.clock.instant().plus(Duration.ofDays(3)));
    finishAll();
    assertThat(tenant.finalRuns(id)).extracting(Run::id).containsExactly(ids.get(2), ids.get(4));
    assertThat(tenant.stored(id).status()).isEqualTo(BatchStatus.COMPLETED);
  }

  /** Outcomes are dropped after their runs, so for a moment there are some without a run. */
  @Test
  void results_that_follow_the_long_one_of_a_dropped_run_are_read() {
    TriggeredBatch batch = tenant.batch(Item.of("a"), Item.of("a"));
    Worker worker = tenant.worker("a");
    for (ClaimedRun run : worker.claim(2)) {
      worker.succeed(run, "\"" + "x".repeat(5 * 1024 * 1024) + "\"");
    }
    UUID first = batch.items().getFirst().runId();
    UUID second = batch.items().getLast().runId();
    engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql("delete from runs where environment_id = :environment and run_id = :run_id")
                .bind("run_id", first)
                .update());
    assertThat(tenant.finalRuns(batch.batchId())).extracting(Run::id).containsExactly(second);
  }

  @Test
  void a_child_outlives_its_parent_and_root() {
    UUID root = tenant.trigger(Item.of("a"));
    UUID parent = tenant.trigger(Item.of("a").parent(root));
    Item late = Item.of("a").delayUntil(engine.clock.instant().plus(Duration.ofDays(3)));
    UUID child = tenant.trigger(late.parent(parent));
    finishAll();
    drop();
    var family = engine.components.run.readRuns().family(tenant.id(), child, bytes -> {});
    assertThat(family.parent()).isNull();
    assertThat(family.root()).isNull();
    assertThat(engine.components.run.readRuns().family(tenant.id(), parent, bytes -> {})).isNull();

    UUID grandchild = tenant.trigger(Item.of("a").parent(child));
    UUID orphan = tenant.trigger(Item.of("a").parent(parent));
    assertThat(tenant.run(orphan).lineage()).isNull();
    tenant.cancel(parent);
    assertThat(tenant.status(child)).isEqualTo(RunStatus.DELAYED);
    tenant.cancel(child);
    assertThat(tenant.status(grandchild)).isEqualTo(RunStatus.CANCELED);
    engine.sweep("CancelSweep", engine.clock.instant());
    assertThat(tenant.status(orphan)).isEqualTo(RunStatus.QUEUED);
  }

  @Test
  void the_time_to_live_of_a_dropped_run_is_forgotten() {
    Item item = Item.of("a").ttl(Duration.ofDays(36_500));
    tenant.trigger(item);
    finishAll();
    UUID waiting = tenant.trigger(item);
    assertThat(tenant.count("expiries")).isEqualTo(2);
    drop();
    assertThat(tenant.count("runs")).isEqualTo(1);
    assertThat(tenant.count("expiries")).isEqualTo(1);
    engine.sweep("ExpireSweep", engine.clock.instant().plus(Duration.ofDays(36_501)));
    assertThat(tenant.status(waiting)).isEqualTo(RunStatus.EXPIRED);
  }

  @Test
  void a_report_on_a_dropped_run_is_lost() {
    tenant.trigger(Item.of("a"));
    Worker worker = tenant.worker("a");
    ClaimedRun run = worker.claimOne();
    worker.succeed(run, "1");
    drop();
    assertThat(tenant.count("runs")).isZero();
    assertThat(worker.start(run).lost()).hasSize(1);
    assertThat(worker.succeed(run, "1").lost()).hasSize(1);
    assertThat(worker.fail(run, 1, true).lost()).hasSize(1);
    worker.handBack(run);
    assertThat(worker.check(List.of(run)).lost()).hasSize(1);
    worker.heartbeat();
    assertThat(tenant.count("ready")).isZero();
    assertThat(tenant.count("outcomes")).isZero();
  }
}

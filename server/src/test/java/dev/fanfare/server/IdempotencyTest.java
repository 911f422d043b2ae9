package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.batch.TriggeredBatch;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.trigger.TriggeredRun;
import dev.fanfare.testkit.Seed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Triggers with the same idempotency key create one run. */
class IdempotencyTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  @Test
  void IDM_01_a_key_used_before_returns_the_first_run_and_queues_nothing() {
    TriggeredRun first = tenant.triggered(Item.of("a").key("k").payload("1"));
    TriggeredRun again = tenant.triggered(Item.of("a").key("k").payload("2"));
    assertThat(first.cached()).isFalse();
    assertThat(again).isEqualTo(new TriggeredRun(first.runId(), true, false));
    assertThat(tenant.run(first.runId()).payload()).isEqualTo("1");
    assertThat(tenant.count("ready")).isEqualTo(1);
    assertThat(tenant.count("runs")).isEqualTo(1);
  }

  @Test
  void IDM_02_the_same_key_for_another_task_or_environment_creates_a_separate_run() {
    UUID first = tenant.trigger(Item.of("a").key("k"));
    assertThat(tenant.triggered(Item.of("b").key("k")).cached()).isFalse();
    Tenant other = engine.tenant();
    TriggeredRun elsewhere = other.triggered(Item.of("a").key("k"));
    assertThat(elsewhere.cached()).isFalse();
    assertThat(elsewhere.runId()).isNotEqualTo(first);
    assertThat(tenant.count("runs")).isEqualTo(2);
  }

  @Test
  void IDM_03_an_expired_key_creates_a_new_run() {
    Item item = Item.of("a").key("k", Duration.ofMinutes(10));
    UUID first = tenant.trigger(item);
    engine.clock.advance(Duration.ofMinutes(10).minusMillis(1));
    assertThat(tenant.trigger(item)).isEqualTo(first);
    engine.clock.advance(Duration.ofMillis(1));
    TriggeredRun next = tenant.triggered(item);
    assertThat(next.cached()).isFalse();
    assertThat(next.runId()).isNotEqualTo(first);
    assertThat(tenant.trigger(item)).isEqualTo(next.runId());
  }

  @Test
  void IDM_03_a_sweep_deletes_expired_keys_and_no_others() {
    tenant.trigger(Item.of("a").key("short", Duration.ofMinutes(10)));
    UUID kept = tenant.trigger(Item.of("a").key("long", Duration.ofMinutes(30)));
    engine.clock.advance(Duration.ofMinutes(11));
    engine.sweep("IdempotencyKeySweep", engine.clock.instant());
    assertThat(tenant.count("idempotency_keys")).isEqualTo(1);
    assertThat(tenant.trigger(Item.of("a").key("long"))).isEqualTo(kept);
  }

  @Test
  void IDM_04_a_failure_frees_the_key_and_a_completion_keeps_it() {
    Worker worker = tenant.worker("a");
    UUID failed = tenant.trigger(Item.of("a").key("fails"));
    worker.fail(worker.claimOne(), 1, false);
    TriggeredRun next = tenant.triggered(Item.of("a").key("fails"));
    assertThat(next.cached()).isFalse();
    assertThat(next.runId()).isNotEqualTo(failed);
    worker.succeed(worker.claimOne(), "1");
    assertThat(tenant.trigger(Item.of("a").key("fails"))).isEqualTo(next.runId());
  }

  @Test
  void IDM_04_a_system_failure_frees_the_key() {
    RunError error = RunError.internal(RunError.Codes.COULD_NOT_TRIGGER, "no");
    UUID failed = tenant.trigger(Item.of("a").key("k").failure(error));
    assertThat(tenant.triggered(Item.of("a").key("k")).runId()).isNotEqualTo(failed);
  }

  @Test
  void IDM_04_a_run_that_ends_does_not_free_a_key_that_another_run_holds_by_now() {
    Worker worker = tenant.worker("a");
    Item item = Item.of("a").key("k", Duration.ofMinutes(1));
    tenant.trigger(item);
    ClaimedRun old = worker.claimOne();
    engine.clock.advance(Duration.ofMinutes(2));
    UUID next = tenant.trigger(item);
    worker.fail(old, 1, false);
    assertThat(tenant.trigger(item)).isEqualTo(next);
  }

  @Test
  void IDM_04_each_final_state_frees_the_key_or_keeps_it() {
    for (RunStatus status : RunStatus.values()) {
      boolean frees =
          switch (status) {
            case FAILED, CRASHED, SYSTEM_FAILURE, TIMED_OUT, EXPIRED -> true;
            case COMPLETED, CANCELED, DELAYED, PENDING_VERSION, QUEUED -> false;
            case DEQUEUED, EXECUTING, WAITING -> false;
          };
      assertThat(status.freesIdempotencyKey()).as(status.name()).isEqualTo(frees);
    }
  }

  @Test
  void IDM_06_fifty_concurrent_triggers_with_one_key_create_one_run() {
    List<TriggeredRun> results =
        Concurrently.call(50, i -> tenant.triggered(Item.of("a").key("k").payload("" + i)));
    assertThat(results).extracting(TriggeredRun::runId).containsOnly(results.getFirst().runId());
    assertThat(results).filteredOn(run -> !run.cached()).hasSize(1);
    assertThat(tenant.count("runs")).isEqualTo(1);
    assertThat(tenant.count("ready")).isEqualTo(1);
  }

  @Test
  void IDM_06_concurrent_batches_with_the_same_keys_in_different_orders_share_their_runs() {
    Seed.run(random -> {
      long seed = random.nextLong();
      List<TriggeredBatch> batches =
          Concurrently.call(8, i -> tenant.batch(shuffled(200, 250, seed + i)));
      Map<String, UUID> byKey = new HashMap<>();
      for (TriggeredBatch batch : batches) {
        for (TriggeredBatch.Item item : batch.items()) {
          UUID before = byKey.putIfAbsent(item.key(), item.runId());
          assertThat(before == null || before.equals(item.runId())).as(item.key()).isTrue();
        }
      }
      assertThat(tenant.count("runs")).isEqualTo(byKey.size());
      assertThat(tenant.count("idempotency_keys")).isEqualTo(byKey.size());
    });
  }

  /** Items with {@code count} of the keys 0 to {@code keys - 1}, in random order. */
  private static Item[] shuffled(int count, int keys, long seed) {
    List<Integer> all = new ArrayList<>(IntStream.range(0, keys).boxed().toList());
    Collections.shuffle(all, new Random(seed));
    return all.stream().limit(count).map(k -> Item.of("a").key("key " + k)).toArray(Item[]::new);
  }
}

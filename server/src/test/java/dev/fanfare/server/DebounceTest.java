package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.DEBOUNCE_MAX_DELAY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.batch.Batch;
import dev.fanfare.server.batch.TriggeredBatch;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.TriggeredRun;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Triggers that are coalesced into one run while it waits. */
class DebounceTest {
  private static final Duration DELAY = Duration.ofSeconds(10);

  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private static Item typing() {
    return Item.of("a").debounce("typing", DELAY);
  }

  private static Instant now() {
    return engine.clock.instant();
  }

  @Test
  void DEB_01_a_new_key_creates_a_delayed_run() {
    TriggeredRun run = tenant.triggered(typing());
    assertThat(run).isEqualTo(new TriggeredRun(run.runId(), false, true));
    assertThat(tenant.status(run.runId())).isEqualTo(RunStatus.DELAYED);
    assertThat(tenant.run(run.runId()).delayedUntil()).isEqualTo(now().plus(DELAY));
  }

  @Test
  void DEB_01_an_explicit_delay_sets_when_the_first_run_is_due() {
    Instant own = now().plusSeconds(3);
    UUID run = tenant.trigger(typing().delayUntil(own));
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(own);
    tenant.trigger(typing().delayUntil(own));
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(now().plus(DELAY));
  }

  @Test
  void DEB_02_a_trigger_in_time_returns_the_same_run_and_postpones_it() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(typing());
    engine.clock.advance(Duration.ofSeconds(4));
    TriggeredRun again = tenant.triggered(typing());
    assertThat(again).isEqualTo(new TriggeredRun(run, false, false));
    assertThat(tenant.count("runs")).isEqualTo(1);
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(now().plus(DELAY));
    Invariants.check(tenant);

    engine.clock.advance(Duration.ofSeconds(9));
    tenant.queueDue(now());
    assertThat(worker.claim(1)).isEmpty();
    UUID before = tenant.trigger(Item.of("a"));
    engine.clock.advance(Duration.ofSeconds(2));
    UUID after = tenant.trigger(Item.of("a"));
    tenant.queueDue(now());
    assertThat(worker.claimIds(3)).containsExactly(before, run, after);
  }

  @Test
  void DEB_02_a_due_run_that_no_sweep_has_queued_yet_can_still_be_postponed() {
    UUID run = tenant.trigger(typing());
    engine.clock.advance(Duration.ofMinutes(1));
    assertThat(tenant.trigger(typing())).isEqualTo(run);
    tenant.queueDue(now());
    assertThat(tenant.status(run)).isEqualTo(RunStatus.DELAYED);
  }

  @Test
  void DEB_03_another_key_task_or_environment_creates_another_run() {
    assertThat(
            List.of(
                tenant.trigger(typing()),
                tenant.trigger(Item.of("a").debounce("other", DELAY)),
                tenant.trigger(Item.of("b").debounce("typing", DELAY)),
                engine.tenant().trigger(typing())))
        .doesNotHaveDuplicates();
    assertThat(tenant.count("runs")).isEqualTo(3);
  }

  @Test
  void DEB_04_if_no_trigger_follows_the_run_is_queued_once() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(typing());
    tenant.trigger(typing());
    tenant.queueDue(now().plus(DELAY));
    tenant.queueDue(now().plus(DELAY));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.count("ready")).isEqualTo(1);
    assertThat(worker.claimIds(2)).containsExactly(run);
  }

  @Test
  void DEB_05_after_the_run_was_queued_or_canceled_the_key_creates_a_new_one() {
    UUID queued = tenant.trigger(typing());
    tenant.queueDue(now().plus(DELAY));
    UUID canceled = tenant.trigger(typing());
    assertThat(canceled).isNotEqualTo(queued);
    tenant.cancel(canceled);
    UUID last = tenant.trigger(typing());
    assertThat(last).isNotIn(queued, canceled);
    assertThat(tenant.status(last)).isEqualTo(RunStatus.DELAYED);
    Invariants.check(tenant);
  }

  @Test
  void DEB_05_after_the_run_expired_the_key_creates_a_new_one() {
    UUID run = tenant.trigger(typing().ttl(Duration.ofSeconds(1)));
    tenant.queueDue(now().plus(DELAY));
    engine.sweepAll(now().plus(DELAY).plusSeconds(1));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.EXPIRED);
    assertThat(tenant.trigger(typing())).isNotEqualTo(run);
  }

  @Test
  void DEB_06_postponing_beyond_the_max_delay_creates_a_new_run_that_takes_over_the_key() {
    Item limited = typing().maxDelay(Duration.ofSeconds(15));
    UUID run = tenant.trigger(limited);
    engine.clock.advance(Duration.ofSeconds(5));
    assertThat(tenant.trigger(limited)).isEqualTo(run);
    Instant due = now().plus(DELAY);
    engine.clock.advance(Duration.ofMillis(1));
    TriggeredRun next = tenant.triggered(limited);
    assertThat(next.runId()).isNotEqualTo(run);
    assertThat(next.created()).isTrue();
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(due);
    assertThat(tenant.trigger(limited)).isEqualTo(next.runId());

    tenant.queueDue(due);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.status(next.runId())).isEqualTo(RunStatus.DELAYED);
    Invariants.check(tenant);
  }

  @Test
  void DEB_06_without_a_max_delay_a_run_can_be_postponed_indefinitely() {
    UUID run = tenant.trigger(typing());
    for (int i = 0; i < 100; i++) {
      engine.clock.advance(Duration.ofSeconds(9));
      assertThat(tenant.trigger(typing())).isEqualTo(run);
    }
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(now().plus(DELAY));
  }

  @Test
  void DEB_06_the_triggers_max_delay_overrides_the_servers() {
    Components server =
        engine.server(Engine.config().with(DEBOUNCE_MAX_DELAY, Duration.ofSeconds(15)));
    UUID run = tenant.triggerOn(server, typing());
    engine.clock.advance(Duration.ofSeconds(6));
    assertThat(tenant.triggerOn(server, typing().maxDelay(Duration.ofSeconds(16)))).isEqualTo(run);
    UUID second = tenant.triggerOn(server, typing().maxDelay(Duration.ofSeconds(11)));
    assertThat(second).isNotEqualTo(run);
    engine.clock.advance(Duration.ofSeconds(6));
    assertThat(tenant.triggerOn(server, typing())).isNotIn(run, second);
  }

  @Test
  void DEB_07_in_leading_mode_the_first_data_stays() {
    UUID run = tenant.trigger(typing().payload("1").metadata("{\"n\":1}").tags("first"));
    tenant.trigger(typing().payload("2").metadata("{\"n\":2}").tags("second").maxAttempts(7));
    Run stored = tenant.run(run);
    assertThat(stored.payload()).isEqualTo("1");
    assertThat(stored.metadata()).isEqualTo("{\"n\":1}");
    assertThat(stored.tags()).containsExactly("first");
  }

  @Test
  void DEB_08_in_trailing_mode_the_latest_data_replaces_the_first() {
    Worker worker = tenant.worker("a");
    UUID run =
        tenant.trigger(
            typing()
                .payload("1")
                .payloadType("text/plain")
                .metadata("1")
                .tags("both", "first")
                .maxAttempts(1)
                .options("{\"region\":\"x\",\"machine\":\"micro\"}"));
    tenant.trigger(
        typing()
            .trailing()
            .payload("2")
            .metadata("2")
            .tags("both", "second")
            .maxAttempts(2)
            .maxDuration(Duration.ofSeconds(5))
            .options("{\"region\":\"y\",\"machine\":\"large-1x\"}"));
    Run stored = tenant.run(run);
    assertThat(stored.payload()).isEqualTo("2");
    assertThat(stored.payloadType()).isNull();
    assertThat(stored.metadata()).isEqualTo("2");
    assertThat(stored.tags()).containsExactly("both", "second");
    assertThat(stored.options()).isEqualTo("{\"region\":\"x\",\"machine\":\"large-1x\"}");
    assertThat(tagged("first")).isEmpty();
    assertThat(tagged("second")).containsExactly(run);
    assertThat(tagged("both")).containsExactly(run);
    assertThat(maxAttempts()).isEqualTo(2);

    tenant.queueDue(now().plus(DELAY));
    ClaimedRun claimed = worker.claimOne();
    assertThat(claimed.payload()).isEqualTo("2");
    assertThat(claimed.maxDuration()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void DEB_08_data_that_a_trailing_trigger_omits_stays() {
    UUID run =
        tenant.trigger(
            typing()
                .payload("1")
                .payloadType("text/plain")
                .metadata("1")
                .tags("first")
                .maxAttempts(4)
                .options("{\"machine\":\"micro\"}"));
    tenant.trigger(typing().trailing());
    Run stored = tenant.run(run);
    assertThat(stored.payload()).isEqualTo("1");
    assertThat(stored.payloadType()).isEqualTo("text/plain");
    assertThat(stored.metadata()).isEqualTo("1");
    assertThat(stored.tags()).containsExactly("first");
    assertThat(stored.options()).isEqualTo("{\"machine\":\"micro\"}");
    assertThat(maxAttempts()).isEqualTo(4);
    assertThat(tagged("first")).containsExactly(run);
  }

  private int maxAttempts() {
    return tenant.number("select max_attempts as n from runs where environment_id = :environment");
  }

  private List<UUID> tagged(String tag) {
    return engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql("select run_id from run_tags where environment_id = :environment and tag = :tag")
                .bind("tag", tag)
                .list(r -> r.uuid("run_id")));
  }

  @Test
  void DEB_09_DEB_10_many_concurrent_triggers_of_one_key_create_one_run_with_few_writes() {
    List<TriggeredRun> results = Concurrently.call(100, i -> tenant.triggered(typing()));
    assertThat(results).extracting(TriggeredRun::runId).containsOnly(results.getFirst().runId());
    assertThat(results).filteredOn(TriggeredRun::created).hasSize(1);
    assertThat(tenant.count("runs")).isEqualTo(1);
    assertThat(tenant.count("delays")).isEqualTo(1);
    // No trigger asked for a later time, so only the first one wrote.
    assertThat(
            tenant.number(
                """
                select (d.xmin::text = r.xmin::text)::int as n
                  from delays d
                  join runs r using (environment_id, run_id)
                 where d.environment_id = :environment
                """))
        .isEqualTo(1);
  }

  @Test
  void DEB_10_concurrent_batches_with_shared_keys_in_any_order_create_one_run_for_each_key() {
    List<TriggeredBatch> batches =
        Concurrently.call(
            24,
            i -> {
              List<Item> items = new ArrayList<>();
              for (int key = 0; key < 20; key++) {
                items.add(Item.of("a").debounce("key " + key, DELAY).payload("" + i).trailing());
              }
              Collections.shuffle(items, new Random(i));
              return tenant.batch(items.toArray(Item[]::new));
            });
    assertThat(batches.stream().flatMap(batch -> ids(batch).stream()).distinct()).hasSize(20);
    assertThat(tenant.count("runs")).isEqualTo(20);
    assertThat(tenant.count("delays")).isEqualTo(20);
    Invariants.check(tenant);
  }

  @Test
  void DEB_11_a_trigger_for_an_earlier_time_does_not_move_the_run_back() {
    UUID run = tenant.trigger(typing());
    Instant due = now().plus(DELAY);
    assertThat(tenant.trigger(Item.of("a").debounce("typing", Duration.ofSeconds(1))))
        .isEqualTo(run);
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(due);
    Instant later = due.plusSeconds(60);
    engine.components.control.changeRuns().reschedule(tenant.id(), run, later);
    assertThat(tenant.trigger(typing())).isEqualTo(run);
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(later);
    Invariants.check(tenant);
  }

  @Test
  void DEB_13_a_known_idempotency_key_takes_precedence() {
    TriggeredRun keyed = tenant.triggered(typing().key("k"));
    Instant due = now().plus(DELAY);
    engine.clock.advance(Duration.ofSeconds(5));
    assertThat(tenant.triggered(typing().key("k").payload("2").trailing()))
        .isEqualTo(new TriggeredRun(keyed.runId(), true, false));
    assertThat(tenant.run(keyed.runId()).delayedUntil()).isEqualTo(due);
    assertThat(tenant.run(keyed.runId()).payload()).isNull();
  }

  @Test
  void DEB_13_the_idempotency_key_of_a_coalesced_trigger_returns_the_run_it_was_coalesced_into() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(typing().key("first"));
    assertThat(tenant.triggered(typing().key("second")).cached()).isFalse();
    tenant.queueDue(now().plus(DELAY));
    assertThat(tenant.triggered(typing().key("second")))
        .isEqualTo(new TriggeredRun(run, true, false));

    worker.fail(worker.claimOne(), 1, false);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.FAILED);
    TriggeredRun next = tenant.triggered(typing().key("second"));
    assertThat(next.cached()).isFalse();
    assertThat(next.runId()).isNotEqualTo(run);
    assertThat(tenant.run(next.runId()).idempotencyKey()).isEqualTo("second");
  }

  @Test
  void DEB_13_one_of_several_idempotency_keys_of_a_run_can_be_reset() {
    UUID run = tenant.trigger(typing().key("first"));
    tenant.trigger(typing().key("second"));
    tenant.queueDue(now().plus(DELAY));
    engine.components.control.changeRuns().resetKey(tenant.id(), "a", "second");
    assertThat(tenant.trigger(typing().key("second"))).isNotEqualTo(run);
    assertThat(tenant.trigger(typing().key("first"))).isEqualTo(run);
  }

  @Test
  void a_repeated_request_does_not_postpone_the_run() {
    Hash request = Hash.of("request 1");
    UUID run = tenant.triggered(typing().payload("1").trailing(), request).runId();
    UUID postponed =
        tenant.triggered(typing().payload("2").trailing(), Hash.of("request 2")).runId();
    Instant due = now().plus(DELAY);
    engine.clock.advance(Duration.ofSeconds(5));
    assertThat(tenant.triggered(typing().payload("1").trailing(), request))
        .isEqualTo(new TriggeredRun(run, false, false));
    assertThat(postponed).isEqualTo(run);
    assertThat(tenant.run(run).payload()).isEqualTo("2");
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(due);
  }

  private static List<UUID> ids(TriggeredBatch batch) {
    return batch.items().stream().map(TriggeredBatch.Item::runId).toList();
  }

  @Test
  void items_with_one_key_are_coalesced_into_one_run_in_item_order() {
    Worker worker = tenant.worker("a");
    TriggeredBatch batch =
        tenant.batch(
            typing().payload("1").tags("x"),
            Item.of("a").payload("between"),
            typing().payload("2").trailing(),
            Item.of("a").debounce("typing", DELAY.plusSeconds(1)).payload("3"));
    List<UUID> runs = ids(batch);
    assertThat(runs.get(2)).isEqualTo(runs.get(0)).isEqualTo(runs.get(3));
    assertThat(tenant.count("runs")).isEqualTo(2);
    Run run = tenant.run(runs.getFirst());
    assertThat(run.payload()).isEqualTo("2");
    assertThat(run.tags()).containsExactly("x");
    assertThat(run.delayedUntil()).isEqualTo(now().plus(DELAY).plusSeconds(1));
    Invariants.check(tenant);

    worker.succeed(worker.claimOne(), "1");
    tenant.queueDue(now().plusSeconds(11));
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.PENDING);
    worker.succeed(worker.claimOne(), "1");
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
  }

  @Test
  void a_batch_counts_only_the_runs_it_created() {
    UUID run = tenant.trigger(typing());
    TriggeredBatch coalesced = tenant.batch(typing(), typing());
    Batch stored = tenant.stored(coalesced.batchId());
    assertThat(stored.status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(stored.runIds()).containsExactly(run, run);
    assertThat(coalesced.items()).noneMatch(TriggeredBatch.Item::cached);

    TriggeredBatch mixed = tenant.batch(typing(), Item.of("a"));
    assertThat(tenant.stored(mixed.batchId()).status()).isEqualTo(BatchStatus.PENDING);
    assertThat(tenant.stored(mixed.batchId()).runIds()).startsWith(run);
    Invariants.check(tenant);
  }

  @Test
  void items_that_exceed_the_servers_max_delay_create_a_run_each() {
    Components server =
        engine.server(Engine.config().with(DEBOUNCE_MAX_DELAY, Duration.ofSeconds(5)));
    UUID before = tenant.triggerOn(server, typing());
    List<UUID> runs = ids(tenant.batchOn(server, typing(), typing(), typing()));
    assertThat(runs).doesNotHaveDuplicates().doesNotContain(before);
    Invariants.check(tenant);
    assertThat(tenant.trigger(typing())).isEqualTo(runs.getLast());
  }

  @Test
  void a_concurrent_trigger_and_sweep_postpone_the_run_or_queue_it_and_never_both() {
    int postponed = 0;
    for (int round = 0; round < 60; round++) {
      Item item = Item.of("a").debounce("round " + round, DELAY);
      UUID run = tenant.trigger(item);
      engine.clock.advance(DELAY);
      List<UUID> results =
          Concurrently.call(
              3,
              i -> {
                if (i < 2) {
                  return tenant.trigger(item);
                }
                tenant.queueDue(now());
                return run;
              });
      UUID result = results.get(0);
      assertThat(results.get(1)).isEqualTo(result);
      assertThat(tenant.status(result)).isEqualTo(RunStatus.DELAYED);
      if (result.equals(run)) {
        postponed++;
      } else {
        assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
      }
    }
    assertThat(tenant.count("runs")).isEqualTo(60 + 60 - postponed);
    Invariants.check(tenant);
  }

  @Test
  void a_concurrent_trigger_and_cancel_cancel_the_run_without_losing_the_trigger() {
    for (int round = 0; round < 30; round++) {
      Item item = Item.of("a").debounce("round " + round, DELAY);
      UUID run = tenant.trigger(item);
      engine.clock.advance(Duration.ofMillis(1));
      List<UUID> results =
          Concurrently.call(
              2,
              i -> {
                if (i == 0) {
                  return tenant.trigger(item);
                }
                tenant.cancel(run);
                return run;
              });
      assertThat(tenant.status(run)).isEqualTo(RunStatus.CANCELED);
      UUID result = results.getFirst();
      assertThat(result.equals(run) || tenant.status(result) == RunStatus.DELAYED).isTrue();
      assertThat(tenant.trigger(item)).isNotEqualTo(run);
    }
    Invariants.check(tenant);
  }
}

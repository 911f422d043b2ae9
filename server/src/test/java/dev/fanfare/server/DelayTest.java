package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Runs with a delay. */
class DelayTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  @Test
  void DEL_01_a_delayed_run_is_not_claimable_until_it_is_due() {
    Worker worker = tenant.worker("a");
    Instant due = engine.clock.instant().plusSeconds(60);
    UUID run = tenant.trigger(Item.of("a").delayUntil(due));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.DELAYED);
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(due);

    tenant.queueDue(due.minusMillis(1));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.DELAYED);
    assertThat(worker.claim(1)).isEmpty();

    tenant.queueDue(due);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    assertThat(worker.claimOne().runId()).isEqualTo(run);
  }

  @Test
  void DEL_02_a_rescheduled_run_stays_delayed_until_its_new_time() {
    Worker worker = tenant.worker("a");
    Instant due = engine.clock.instant().plusSeconds(60);
    Instant later = due.plusSeconds(60);
    UUID run = tenant.trigger(Item.of("a").delayUntil(due));
    engine.components.control.changeRuns().reschedule(tenant.id(), run, later);
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(later);
    tenant.queueDue(due);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.DELAYED);

    engine.clock.set(later.minusSeconds(1));
    UUID before = tenant.trigger(Item.of("a"));
    tenant.queueDue(later);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.run(run).delayedUntil()).isEqualTo(later);
    assertThat(worker.claimIds(2)).containsExactly(before, run);
  }

  @Test
  void DEL_03_a_delayed_run_is_ordered_by_its_due_time_and_not_by_its_trigger() {
    Worker worker = tenant.worker("a");
    Instant due = engine.clock.instant().plusSeconds(60);
    UUID delayed = tenant.trigger(Item.of("a").delayUntil(due));
    engine.clock.set(due.minusSeconds(1));
    UUID before = tenant.trigger(Item.of("a"));
    engine.clock.set(due.plusSeconds(1));
    UUID after = tenant.trigger(Item.of("a"));
    tenant.queueDue(due.plusSeconds(2));
    assertThat(worker.claimIds(3)).containsExactly(before, delayed, after);
  }

  @Test
  void DEL_06_runs_that_came_due_while_no_server_ran_are_queued_by_the_first_sweep() {
    Worker worker = tenant.worker("a");
    Instant due = engine.clock.instant().plusSeconds(60);
    Item[] items = new Item[1_000];
    for (int i = 0; i < items.length; i++) {
      items[i] = Item.of("a").delayUntil(due.plusMillis(i));
    }
    List<UUID> runs = new ArrayList<>();
    tenant.batch(items).items().forEach(item -> runs.add(item.runId()));
    tenant.trigger(Item.of("a").delayUntil(due.plusSeconds(1)));
    tenant.queueDue(due.plusSeconds(3600));
    assertThat(tenant.count("delays")).isZero();
    assertThat(worker.claimIds(500)).isEqualTo(runs.subList(0, 500));
  }

  @Test
  void DEL_07_a_time_in_the_past_queues_the_run_immediately_in_trigger_order() {
    Worker worker = tenant.worker("a");
    Instant now = engine.clock.instant();
    UUID first = tenant.trigger(Item.of("a").delayUntil(now));
    engine.clock.advance(Duration.ofSeconds(1));
    UUID second = tenant.trigger(Item.of("a").delayUntil(now.minusSeconds(86_400)));
    assertThat(tenant.status(first)).isEqualTo(RunStatus.QUEUED);
    assertThat(worker.claimIds(2)).containsExactly(first, second);
  }

  @Test
  void concurrent_sweeps_queue_each_run_once() {
    Instant due = engine.clock.instant().plusSeconds(60);
    for (int batch = 0; batch < 3; batch++) {
      Item[] items = new Item[1_000];
      Arrays.fill(items, Item.of("a").delayUntil(due));
      tenant.batch(items);
    }
    Concurrently.call(4, i -> tenant.queueDue(due));
    assertThat(tenant.count("delays")).isZero();
    assertThat(tenant.count("ready")).isEqualTo(3_000);
  }
}

package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The order in which the runs of a lane are claimed. */
class PriorityTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  @Test
  void PRI_01_priority_counts_like_an_earlier_queue_time() {
    Worker worker = tenant.worker("a");
    UUID early = tenant.trigger(Item.of("a"));
    engine.clock.advance(Duration.ofSeconds(8));
    UUID first = tenant.trigger(Item.of("a").priority(Duration.ofSeconds(10)));
    UUID last = tenant.trigger(Item.of("a").priority(Duration.ofSeconds(7)));
    assertThat(worker.claimIds(3)).containsExactly(first, early, last);
  }

  @Test
  void PRI_02_of_runs_with_equal_priority_the_oldest_is_claimed_first() {
    Worker worker = tenant.worker("a");
    UUID one = tenant.trigger(Item.of("a").priority(Duration.ofSeconds(3)));
    engine.clock.advance(Duration.ofMillis(1));
    UUID two = tenant.trigger(Item.of("a").priority(Duration.ofSeconds(3)));
    engine.clock.advance(Duration.ofMillis(1));
    UUID three = tenant.trigger(Item.of("a").priority(Duration.ofSeconds(3)));
    assertThat(worker.claimIds(3)).containsExactly(one, two, three);
  }

  @Test
  void PRI_03_order_follows_the_queue_time_and_not_the_insertion_order() {
    Worker worker = tenant.worker("a");
    Instant now = engine.clock.instant();
    UUID late = tenant.trigger(Item.of("a").delayUntil(now.plusSeconds(20)));
    UUID early = tenant.trigger(Item.of("a").delayUntil(now.plusSeconds(10)));
    UUID middle = tenant.trigger(Item.of("a").delayUntil(now.plusSeconds(15)));
    tenant.queueDue(now.plusSeconds(30));
    assertThat(worker.claimIds(3)).containsExactly(early, middle, late);
  }

  @Test
  void PRI_04_a_run_that_is_queued_again_keeps_its_place() {
    Worker worker = tenant.worker("a");
    List<UUID> runs = tenant.triggerMany(4, Item.of("a"));
    worker.claim(2).reversed().forEach(worker::handBack);
    assertThat(worker.claimIds(1)).containsExactly(runs.getFirst());
    tenant.reclaim(tenant.now().plus(Tenant.LAPSE));
    assertThat(tenant.worker("a").claimIds(4)).isEqualTo(runs);
  }

  @Test
  void PRI_05_priority_moves_a_run_within_its_environment_only() {
    Tenant other = engine.tenant();
    UUID first = tenant.trigger(Item.of("a"));
    engine.clock.advance(Duration.ofSeconds(1));
    UUID foreign = other.trigger(Item.of("a").priority(Duration.ofDays(1)));
    UUID second = tenant.trigger(Item.of("a"));
    assertThat(tenant.worker("a").claimIds(3)).containsExactly(first, second);
    assertThat(other.worker("a").claimIds(3)).containsExactly(foreign);
  }
}

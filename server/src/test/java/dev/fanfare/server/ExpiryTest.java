package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.config.ServerSettings;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.run.StoredError;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Runs with a time to live. */
class ExpiryTest {
  @AutoClose static final Engine engine = Engine.start();

  private static final Duration TTL = Duration.ofMinutes(90);
  private static final Duration TTL_MAX = Duration.ofHours(2);

  final Tenant tenant = engine.tenant();

  private void expire(Instant now) {
    engine.sweep("ExpireSweep", now);
  }

  @Test
  void TTL_01_a_queued_run_expires_and_leaves_the_queue() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 1));
    worker.start(claim(worker, tenant.trigger(Item.of("a"))));
    var batch = tenant.batch(Item.of("a").ttl(TTL));
    UUID run = batch.items().getFirst().runId();
    Instant end = engine.clock.instant().plus(TTL);
    expire(end.minusMillis(1));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);

    expire(end);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.EXPIRED);
    assertThat(StoredError.read(tenant.run(run).error()).summary())
        .isEqualTo("Run expired because the TTL (1h30m) was reached");
    assertThat(tenant.count("ready")).isZero();
    assertThat(tenant.slotsInUse()).isEqualTo(1);
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
  }

  private static ClaimedRun claim(Worker worker, UUID run) {
    var claimed = worker.claimOne();
    assertThat(claimed.runId()).isEqualTo(run);
    return claimed;
  }

  @Test
  void TTL_02_a_run_without_a_time_to_live_never_expires() {
    UUID run = tenant.trigger(Item.of("a"));
    expire(engine.clock.instant().plus(Duration.ofDays(10_000)));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
  }

  @Test
  void TTL_03_the_maximum_applies_to_runs_with_no_time_to_live_or_a_longer_one() {
    Components bounded = engine.server(Engine.config().with(ServerSettings.TTL_MAX, TTL_MAX));
    Instant now = engine.clock.instant();
    Instant due = now.plusSeconds(60);
    UUID shorter = tenant.triggerOn(bounded, Item.of("a").ttl(TTL));
    List<UUID> others =
        List.of(
            tenant.triggerOn(bounded, Item.of("a")),
            tenant.triggerOn(bounded, Item.of("a").ttl(Duration.ZERO)),
            tenant.triggerOn(bounded, Item.of("a").ttl(TTL_MAX.plusSeconds(1))));
    UUID delayed = tenant.triggerOn(bounded, Item.of("a").delayUntil(due));

    expire(now.plus(TTL));
    assertThat(tenant.status(shorter)).isEqualTo(RunStatus.EXPIRED);
    assertThat(tenant.count("outcomes")).isEqualTo(1);
    expire(now.plus(TTL_MAX));
    assertThat(others).extracting(tenant::status).containsOnly(RunStatus.EXPIRED);
    assertThat(tenant.run(others.getFirst()).ttl()).isEqualTo(TTL_MAX);
    tenant.queueDue(due);
    expire(due.plus(TTL_MAX));
    assertThat(tenant.status(delayed)).isEqualTo(RunStatus.EXPIRED);
  }

  @Test
  void the_triggers_time_to_live_overrides_the_tasks() {
    tenant.worker(new TaskDefinition("short", null, null, null, TTL.toMillis()));
    UUID unset = tenant.trigger(Item.of("short"));
    UUID never = tenant.trigger(Item.of("short").ttl(Duration.ZERO));
    UUID longer = tenant.trigger(Item.of("short").ttl(TTL_MAX));
    expire(engine.clock.instant().plus(TTL));
    assertThat(tenant.status(unset)).isEqualTo(RunStatus.EXPIRED);
    assertThat(tenant.status(longer)).isEqualTo(RunStatus.QUEUED);
    expire(engine.clock.instant().plus(TTL_MAX));
    assertThat(tenant.status(longer)).isEqualTo(RunStatus.EXPIRED);
    assertThat(tenant.status(never)).isEqualTo(RunStatus.QUEUED);
  }

  @Test
  void TTL_11_runs_of_a_development_environment_expire_without_a_worker() {
    assertThat(
            tenant.number(
                """
                select count(*)::int as n
                  from environments
                 where environment_id = :environment
                   and type = 'DEVELOPMENT'
                """))
        .isEqualTo(1);
    UUID run = tenant.trigger(Item.of("a").ttl(TTL));
    expire(engine.clock.instant().plus(TTL));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.EXPIRED);
    assertThat(tenant.count("sessions")).isZero();
  }

  @Test
  void TTL_04_and_TTL_08_a_run_that_was_claimed_does_not_expire_even_if_it_is_queued_again() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a").ttl(TTL));
    UUID handedBack = tenant.trigger(Item.of("a").ttl(TTL));
    var claimed = worker.claim(2);
    worker.start(claimed.getFirst());
    worker.handBack(claimed.getLast());
    expire(engine.clock.instant().plus(TTL));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.EXECUTING);
    assertThat(tenant.status(handedBack)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.count("expiries")).isZero();
  }

  @Test
  void TTL_06_and_TTL_07_expired_runs_are_never_claimed_and_others_are() {
    Worker worker = tenant.worker("a");
    for (int i = 0; i < 50; i++) {
      tenant.trigger(Item.of("a").ttl(TTL));
    }
    UUID alive = tenant.trigger(Item.of("a").ttl(TTL.plusSeconds(1)));
    Instant end = engine.clock.instant().plus(TTL);
    expire(end);
    expire(end);
    assertThat(tenant.count("outcomes")).isEqualTo(50);
    assertThat(worker.claimOne().runId()).isEqualTo(alive);
  }

  @Test
  void DEL_03_a_time_to_live_begins_when_the_run_is_due() {
    Instant due = engine.clock.instant().plusSeconds(60);
    UUID run = tenant.trigger(Item.of("a").delayUntil(due).ttl(Duration.ofSeconds(30)));
    expire(due);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.DELAYED);
    tenant.queueDue(due);
    expire(due.plusSeconds(29));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    expire(due.plusSeconds(30));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.EXPIRED);
  }

  @Test
  void TTL_10_the_time_to_live_of_a_parked_run_begins_at_its_release() {
    UUID run = tenant.trigger(Item.of("late").ttl(TTL));
    tenant.worker("a");
    assertThat(tenant.park()).isEqualTo(1);
    expire(tenant.now().plus(TTL).plusSeconds(3_600));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.PENDING_VERSION);
    tenant.worker("late");
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    expire(tenant.now().plus(TTL).minusSeconds(60));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    expire(tenant.now().plus(TTL));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.EXPIRED);
  }
}

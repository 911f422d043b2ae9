package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.LeaseRef;
import dev.fanfare.server.run.StoredError;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Canceling runs, in every state. */
class CancelTest {
  @AutoClose static final Engine engine = Engine.start();

  /** Longer than a worker may take to confirm a cancel. */
  private static final Duration NO_CONFIRMATION = Duration.ofSeconds(61);

  /** Longer than the pause before a worker is told of a cancel again. */
  private static final Duration TOLD_AGAIN = Duration.ofSeconds(6);

  final Tenant tenant = engine.tenant();

  private void assertCanceled(UUID run) {
    assertThat(tenant.status(run)).isEqualTo(RunStatus.CANCELED);
    assertThat(tenant.run(run).finishedAt()).isNotNull();
    assertThat(StoredError.read(tenant.run(run).error()).summary()).isEqualTo("Canceled by user");
    for (String place : List.of("ready", "delays", "parked", "leases")) {
      assertThat(tenant.count(place)).as(place).isZero();
    }
  }

  @Test
  void CAN_01_a_queued_run_is_canceled_immediately_and_its_batch_completes() {
    Worker worker = tenant.worker("a");
    var batch = tenant.batch(Item.of("a"));
    UUID run = batch.items().getFirst().runId();
    tenant.cancel(run);
    assertCanceled(run);
    assertThat(worker.claim(1)).isEmpty();
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
  }

  @Test
  void CAN_02_an_executing_run_is_shown_as_canceled_and_ends_when_its_worker_confirms() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 1));
    UUID run = tenant.trigger(Item.of("a"));
    UUID next = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    worker.start(claimed);
    tenant.cancel(run);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.CANCELED);
    assertThat(tenant.run(run).finishedAt()).isNull();
    assertThat(tenant.slotsInUse()).isEqualTo(1);

    LeaseRef notified = new LeaseRef(run, claimed.fence());
    assertThat(worker.heartbeat().canceled()).containsExactly(notified);
    assertThat(worker.heartbeat().canceled()).isEmpty();

    worker.fail(claimed, 1, true);
    assertThat(tenant.run(run).finishedAt()).isNotNull();
    assertThat(tenant.status(run)).isEqualTo(RunStatus.CANCELED);
    assertThat(tenant.slotsInUse()).isZero();
    assertThat(worker.claimOne().runId()).isEqualTo(next);
  }

  @Test
  void CAN_02_a_success_reported_after_the_cancel_leaves_the_run_canceled() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    tenant.cancel(run);
    worker.succeed(claimed, "1");
    assertCanceled(run);
    assertThat(tenant.run(run).output()).isNull();
  }

  @Test
  void CAN_03_the_cancel_of_a_claimed_run_is_notified_by_the_next_poll() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    tenant.cancel(run);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.CANCELED);
    assertThat(worker.poll(1).canceled()).containsExactly(new LeaseRef(run, claimed.fence()));
    worker.handBack(claimed);
    assertCanceled(run);
  }

  @Test
  void CAN_05_a_canceled_run_ends_even_if_its_worker_never_confirms() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    worker.start(claimed);
    tenant.cancel(run);
    assertThat(tenant.reclaim(tenant.now())).isZero();
    Instant later = tenant.now();
    tenant.letTimePass(NO_CONFIRMATION);
    worker.onAnotherServer(); // the lapse of its session is not what ends the run
    assertThat(tenant.reclaim(later)).isEqualTo(1);
    assertCanceled(run);
    assertThat(worker.succeed(claimed, "1").lost()).hasSize(1);
    assertCanceled(run);
  }

  @Test
  void CAN_09_a_worker_is_told_of_a_cancel_again_until_the_run_ends() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    worker.start(claimed);
    tenant.cancel(run);
    LeaseRef notified = new LeaseRef(run, claimed.fence());
    assertThat(worker.poll(1).canceled()).containsExactly(notified); // and is lost
    for (int times = 0; times < 3; times++) {
      assertThat(worker.heartbeat().canceled()).isEmpty();
      tenant.letTimePass(TOLD_AGAIN);
      assertThat(worker.heartbeat().canceled()).containsExactly(notified);
      tenant.letTimePass(TOLD_AGAIN);
      assertThat(worker.poll(1).canceled()).containsExactly(notified);
    }
    worker.fail(claimed, 1, true);
    tenant.letTimePass(TOLD_AGAIN);
    assertThat(worker.heartbeat().canceled()).isEmpty();
  }

  @Test
  void CAN_06_canceling_a_final_or_unknown_run_changes_nothing() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a"));
    worker.succeed(worker.claimOne(), "1");
    var before = tenant.outcomes();
    tenant.cancel(run);
    tenant.cancel(UUID.randomUUID());
    assertThat(tenant.outcomes()).isEqualTo(before);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.COMPLETED);
  }

  @Test
  void CAN_08_concurrent_cancels_end_the_run_once() throws Exception {
    for (int i = 0; i < 10; i++) {
      UUID run = tenant.trigger(Item.of("a"));
      Concurrently.call(
          8,
          n -> {
            tenant.cancel(run);
            return n;
          });
      assertCanceled(run);
    }
    assertThat(tenant.count("outcomes")).isEqualTo(10);
  }

  @Test
  void DEL_04_a_canceled_delayed_run_ends_immediately_and_is_never_queued() {
    Worker worker = tenant.worker("a");
    Instant due = engine.clock.instant().plusSeconds(60);
    UUID run = tenant.trigger(Item.of("a").delayUntil(due));
    tenant.cancel(run);
    assertCanceled(run);
    tenant.queueDue(due.plusSeconds(60));
    assertThat(worker.claim(1)).isEmpty();
  }

  @Test
  void a_parked_run_and_a_run_waiting_for_a_retry_are_canceled_immediately() {
    UUID parked = tenant.trigger(Item.of("nobody"));
    Worker worker = tenant.worker(Tenant.task("a", new RetryPolicy(3, 60_000, 60_000, 1, false)));
    assertThat(tenant.park()).isEqualTo(1);
    assertThat(tenant.status(parked)).isEqualTo(RunStatus.PENDING_VERSION);
    tenant.cancel(parked);
    assertCanceled(parked);

    UUID retrying = tenant.trigger(Item.of("a"));
    worker.fail(worker.claimOne(), 1, true);
    tenant.cancel(retrying);
    assertCanceled(retrying);
    assertThat(tenant.run(retrying).attempt()).isEqualTo(1);
  }

  @Test
  void a_canceled_run_whose_worker_is_lost_ends_without_a_retry() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a"));
    worker.start(worker.claimOne());
    tenant.cancel(run);
    tenant.reclaim(tenant.now().plus(Tenant.LAPSE));
    assertCanceled(run);
  }
}

package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.LeaseRef;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.worker.PollRuns;
import dev.fanfare.server.worker.PollRuns.Order;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Leases: at most one worker holds a run at any time, and only that worker can change it. */
class LeaseTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private static LeaseRef held(ClaimedRun run) {
    return new LeaseRef(run.runId(), run.fence());
  }

  /** The losses of the queued run that has the most. */
  private static int maxLosses(Tenant tenant) {
    return tenant.number(
        "select max(losses)::int as n from ready where environment_id = :environment");
  }

  @Test
  void HBT_01_a_claimed_run_that_does_not_start_is_queued_again() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 1));
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun first = worker.claimOne();
    tenant.reclaim(tenant.now().plus(Engine.START_LIMIT).minusSeconds(5));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.DEQUEUED);
    tenant.reclaim(tenant.now().plus(Tenant.NO_START));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.slotsInUse()).isZero();
    ClaimedRun again = worker.claimOne();
    assertThat(again.runId()).isEqualTo(run);
    assertThat(again.fence()).isGreaterThan(first.fence());
    assertThat(again.lastAttempt() + 1).isEqualTo(1);
  }

  @Test
  void HBT_02_a_run_that_never_starts_ends_as_a_system_failure() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 1));
    UUID batch = tenant.batch(Item.of("a").key("k")).batchId();
    UUID run = tenant.stored(batch).runIds().getFirst();
    for (int losses = 1; losses <= Engine.LOSSES_MAX; losses++) {
      worker.claimOne();
      tenant.reclaim(tenant.now().plus(Tenant.NO_START));
      assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    }
    worker.claimOne();
    tenant.reclaim(tenant.now().plus(Tenant.NO_START));
    Run ended = tenant.run(run);
    assertThat(ended.status()).isEqualTo(RunStatus.SYSTEM_FAILURE);
    assertThat(ended.error()).contains(RunError.Codes.DEQUEUED_TOO_OFTEN);
    assertThat(ended.attempt()).isZero();
    assertThat(ended.startedAt()).isNull();
    assertThat(tenant.slotsInUse()).isZero();
    assertThat(tenant.stored(batch).completedAt()).isNotNull();
    assertThat(tenant.triggered(Item.of("a").key("k")).cached()).isFalse();
  }

  @Test
  void HBT_03_a_run_whose_worker_is_silent_is_queued_and_fails_after_too_many_losses() {
    UUID run = tenant.trigger(Item.of("a"));
    for (int losses = 1; losses <= Engine.LOSSES_MAX; losses++) {
      Worker worker = tenant.worker("a");
      worker.start(worker.claimOne());
      tenant.reclaim(tenant.now().plus(Engine.SESSION_LEASE).minusSeconds(5));
      assertThat(tenant.status(run)).isEqualTo(RunStatus.EXECUTING);
      tenant.reclaim(tenant.now().plus(Tenant.LAPSE));
      assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
      assertThat(tenant.run(run).attempt()).isEqualTo(losses);
    }
    Worker worker = tenant.worker("a");
    worker.start(worker.claimOne());
    tenant.reclaim(tenant.now().plus(Tenant.LAPSE));
    Run ended = tenant.run(run);
    assertThat(ended.status()).isEqualTo(RunStatus.SYSTEM_FAILURE);
    assertThat(ended.error()).contains(RunError.Codes.STALLED);
    assertThat(ended.attempt()).isEqualTo(Engine.LOSSES_MAX + 1);
  }

  @Test
  void HBT_04_heartbeats_keep_a_run_executing_however_long_it_takes() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a"));
    worker.start(worker.claimOne());
    for (int beats = 0; beats < 5; beats++) {
      tenant.letTimePass(Engine.SESSION_LEASE.multipliedBy(9).dividedBy(10));
      tenant.reclaim(tenant.now());
      worker.onAnotherServer().heartbeat();
      assertThat(tenant.status(run)).isEqualTo(RunStatus.EXECUTING);
    }
    tenant.letTimePass(Tenant.LAPSE);
    tenant.reclaim(tenant.now());
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
  }

  @Test
  void HBT_06_a_claim_whose_response_was_lost_leaves_no_slot_taken() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 2));
    List<UUID> runs = tenant.triggerMany(2, Item.of("a"));
    worker.claim(2); // whose response never arrives
    assertThat(tenant.slotsInUse()).isEqualTo(2);
    tenant.reclaim(tenant.now().plus(Tenant.NO_START));
    assertThat(tenant.slotsInUse()).isZero();
    assertThat(worker.claimIds(2)).isEqualTo(runs);
  }

  @Test
  void HBT_11_runs_whose_response_was_lost_are_returned_to_the_next_poll() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 5));
    List<UUID> runs = tenant.triggerMany(6, Item.of("a").payload("{\"n\":1}"));
    List<ClaimedRun> first = worker.poll(new Order(1, 1, 0, 0)).now().runs();
    List<ClaimedRun> lost = worker.poll(new Order(2, 2, 0, 0)).now().runs();
    List<ClaimedRun> alsoLost = worker.poll(new Order(2, 3, 2, 0)).now().runs();
    assertThat(alsoLost).isEqualTo(lost).extracting(ClaimedRun::payload).containsOnly("{\"n\":1}");

    assertThat(worker.onAnotherServer().poll(new Order(5, 4, 2, 0)).now().runs()).isEqualTo(lost);
    assertThat(worker.poll(new Order(5, 5, 0, 0)).now().runs())
        .extracting(ClaimedRun::runId)
        .containsExactlyElementsOf(runs.subList(3, 5)); // a queue of 5, of which 3 are held
    assertThat(first).extracting(ClaimedRun::runId).containsExactly(runs.getFirst());
    lost.forEach(run -> assertThat(worker.succeed(run, "1").lost()).isEmpty());
  }

  @Test
  void HBT_11_a_run_that_was_started_is_not_returned_again() {
    Worker worker = tenant.worker("a");
    tenant.triggerMany(2, Item.of("a"));
    List<ClaimedRun> runs = worker.poll(new Order(2, 1, 0, 0)).now().runs();
    worker.start(runs.getFirst());
    assertThat(worker.poll(new Order(2, 2, 1, 0)).now().runs()).containsExactly(runs.getLast());
  }

  @Test
  void HBT_11_a_poll_for_which_the_worker_no_longer_waits_claims_nothing() {
    Worker worker = tenant.worker("a");
    PollRuns.Poll old = worker.onAnotherServer().poll(new Order(1, 1, 0, 0));
    assertThat(worker.poll(new Order(1, 2, 1, 0)).now().runs()).isEmpty();
    UUID run = tenant.trigger(Item.of("a"));
    assertThat(old.now().runs()).isEmpty();
    assertThat(worker.poll(new Order(1, 3, 0, 0)).now().runs())
        .extracting(ClaimedRun::runId)
        .containsExactly(run);
  }

  @Test
  void HBT_11_runs_whose_response_could_not_be_sent_are_queued_again_without_a_loss() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 2));
    List<UUID> runs = tenant.triggerMany(2, Item.of("a"));
    PollRuns.Poll poll = worker.poll(new Order(2, 1, 0, 0));
    poll.undelivered(poll.now());
    assertThat(tenant.slotsInUse()).isZero();
    assertThat(tenant.count("leases")).isZero();
    assertThat(maxLosses(tenant)).isZero();
    assertThat(tenant.worker("a").claimIds(2)).isEqualTo(runs);
  }

  @Test
  void HBT_11_a_run_that_a_later_poll_returned_is_not_queued_again() {
    Worker worker = tenant.worker("a");
    tenant.trigger(Item.of("a"));
    PollRuns.Poll poll = worker.poll(new Order(1, 1, 0, 0));
    PollRuns.Polled claimed = poll.now();
    List<ClaimedRun> again = worker.poll(new Order(1, 2, 1, 0)).now().runs();
    poll.undelivered(claimed); // the failure to send is noticed late
    assertThat(worker.succeed(again.getFirst(), "1").lost()).isEmpty();
  }

  @Test
  void HBT_12_a_session_gets_at_most_the_runs_that_it_may_hold() {
    Worker worker = tenant.worker("a");
    int heldMax = Tenant.SLOTS + 1_000;
    tenant.triggerMany(20, Item.of("a"));
    assertThat(worker.poll(new Order(10, 1, 0, heldMax - 3)).now().runs()).hasSize(3);
    assertThat(worker.poll(new Order(10, 2, 0, heldMax)).now().runs()).isEmpty();
    assertThat(worker.poll(new Order(10, 3, 0, heldMax + 1)).now().runs()).isEmpty();
    assertThat(worker.poll(new Order(10, 4, 0, 0)).now().runs()).hasSize(10);
  }

  @Test
  void HBT_07_a_late_report_after_a_reclaim_is_refused_and_changes_nothing() {
    Worker worker = tenant.worker("a");
    UUID batch = tenant.batch(Item.of("a"), Item.of("a")).batchId();
    List<ClaimedRun> old = worker.claim(2);
    tenant.reclaim(tenant.now().plus(Tenant.NO_START));
    for (ClaimedRun run : old) {
      assertThat(worker.start(run).lost()).containsExactly(held(run));
      assertThat(worker.succeed(run, "1").lost()).containsExactly(held(run));
      assertThat(worker.fail(run, 1, true).lost()).containsExactly(held(run));
      assertThat(worker.handBack(run).lost()).containsExactly(held(run));
      assertThat(tenant.status(run.runId())).isEqualTo(RunStatus.QUEUED);
    }
    assertThat(tenant.count("ready")).isEqualTo(2);
    assertThat(tenant.finalRuns(batch)).isEmpty();
  }

  @Test
  void HBT_07_a_report_with_an_old_fence_is_refused_even_if_the_same_session_holds_the_run() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun old = worker.claimOne();
    tenant.reclaim(tenant.now().plus(Tenant.NO_START));
    ClaimedRun held = worker.claimOne();
    assertThat(worker.start(old).lost()).containsExactly(held(old));
    assertThat(worker.succeed(old, "\"old\"").lost()).containsExactly(held(old));
    assertThat(worker.fail(old, 1, false).lost()).containsExactly(held(old));
    assertThat(worker.handBack(old).lost()).containsExactly(held(old));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.DEQUEUED);
    assertThat(worker.succeed(held, "\"new\"").lost()).isEmpty();
    assertThat(tenant.run(run).output()).isEqualTo("\"new\"");
  }

  @Test
  void HBT_07_of_two_claims_of_a_run_in_one_report_only_the_current_one_counts() {
    Worker worker = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun old = worker.claimOne();
    tenant.reclaim(tenant.now().plus(Tenant.NO_START));
    ClaimedRun held = worker.claimOne();
    assertThat(
            worker
                .report(
                    List.of(Worker.started(old, 1), Worker.started(held, 1)), List.of(), List.of())
                .lost())
        .containsExactly(held(old));
    assertThat(
            worker
                .report(
                    List.of(),
                    List.of(Worker.success(old, 1, "\"old\""), Worker.success(held, 1, "\"new\"")),
                    List.of())
                .lost())
        .containsExactly(held(old));
    assertThat(tenant.run(run).output()).isEqualTo("\"new\"");
  }

  @Test
  void HBT_07_a_worker_that_asks_is_told_which_claims_it_lost() {
    Worker worker = tenant.worker("a");
    tenant.triggerMany(3, Item.of("a"));
    List<ClaimedRun> runs = worker.claim(3);
    worker.start(runs.get(0));
    worker.start(runs.get(1));
    assertThat(worker.check(runs).lost()).isEmpty();
    tenant.reclaim(tenant.now().plus(Tenant.NO_START));
    assertThat(worker.check(runs).lost()).containsExactly(held(runs.get(2)));
    tenant.cancel(runs.get(1).runId());
    tenant.letTimePass(Duration.ofSeconds(61)); // it does not confirm the cancel
    tenant.reclaim(tenant.now());
    assertThat(worker.check(runs).lost())
        .containsExactlyInAnyOrder(held(runs.get(1)), held(runs.get(2)));
    assertThat(tenant.worker("a").check(runs).lost()).hasSize(3);
  }

  @Test
  void HBT_07_a_run_that_another_worker_holds_cannot_be_changed() {
    Worker owner = tenant.worker("a");
    Worker other = tenant.worker("a");
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = owner.claimOne();
    assertThat(other.start(claimed).lost()).containsExactly(held(claimed));
    assertThat(other.succeed(claimed, "1").lost()).containsExactly(held(claimed));
    assertThat(other.fail(claimed, 1, true).lost()).containsExactly(held(claimed));
    assertThat(other.handBack(claimed).lost()).containsExactly(held(claimed));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.DEQUEUED);
  }

  @Test
  void HBT_07_a_worker_whose_session_lapsed_is_refused_with_410() {
    Worker worker = tenant.worker("a");
    ClaimedRun run = claimed(worker);
    tenant.letTimePass(Tenant.LAPSE);
    tenant.reclaim(tenant.now());
    assertThat(tenant.status(run.runId())).isEqualTo(RunStatus.QUEUED);
    Worker late = worker.onAnotherServer();
    assertThatThrownBy(() -> late.succeed(run, "1"))
        .isInstanceOfSatisfying(
            HttpError.class, e -> assertThat(e.response().status()).isEqualTo(410));
    assertThatThrownBy(() -> late.claim(1)).isInstanceOf(HttpError.class);
    assertThat(tenant.status(run.runId())).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.count("sessions")).isZero();
  }

  @Test
  void HBT_09_a_session_is_renewed_however_late_as_long_as_no_sweep_let_it_lapse() {
    Worker worker = tenant.worker("a");
    ClaimedRun run = claimed(worker);
    worker.start(run);
    tenant.letTimePass(Tenant.LAPSE);
    assertThat(worker.onAnotherServer().heartbeat().lost()).isEmpty();
    tenant.reclaim(tenant.now());
    assertThat(tenant.status(run.runId())).isEqualTo(RunStatus.EXECUTING);
    tenant.letTimePass(Tenant.LAPSE);
    assertThat(worker.onAnotherServer().succeed(run, "1").lost()).isEmpty();
    assertThat(tenant.status(run.runId())).isEqualTo(RunStatus.COMPLETED);
  }

  @Test
  void HBT_09_of_a_late_renewal_and_a_lapse_one_wins() {
    for (int round = 0; round < 20; round++) {
      Tenant fresh = engine.tenant();
      Worker worker = fresh.worker("a");
      UUID run = fresh.trigger(Item.of("a"));
      worker.start(worker.claimOne());
      fresh.letTimePass(Tenant.LAPSE);
      boolean renewed =
          Concurrently.call(2, i -> i == 0 ? isRenewed(worker) : fresh.reclaim(fresh.now()) < 0)
              .getFirst();
      assertThat(fresh.status(run)).isEqualTo(renewed ? RunStatus.EXECUTING : RunStatus.QUEUED);
      assertThat(fresh.count("sessions")).isEqualTo(renewed ? 1 : 0);
      assertThat(isRenewed(worker)).isEqualTo(renewed);
    }
  }

  private static boolean isRenewed(Worker worker) {
    try {
      worker.onAnotherServer().heartbeat();
      return true;
    } catch (HttpError e) {
      assertThat(e.response().status()).isEqualTo(410);
      return false;
    }
  }

  @Test
  void HBT_09_a_claim_during_the_lapse_of_its_session_leaves_no_lease_behind() {
    for (int round = 0; round < 20; round++) {
      Tenant fresh = engine.tenant();
      Worker worker = fresh.worker("a");
      fresh.triggerMany(20, Item.of("a"));
      fresh.letTimePass(Tenant.LAPSE); // the server that holds the poll does not look again
      Concurrently.call(3, i -> i < 2 ? worker.claim(5).size() : lapse(fresh));
      lapse(fresh);
      assertThat(fresh.count("sessions")).isZero();
      assertThat(fresh.count("leases")).isZero();
      assertThat(fresh.count("ready")).isEqualTo(20);
      assertThat(worker.claim(1)).isEmpty();
    }
  }

  /** Lets sessions lapse, but does not look for leases without a session, as other sweeps do. */
  private static int lapse(Tenant tenant) {
    return engine.sweep("LapseSweep", tenant.now());
  }

  @Test
  void HBT_09_a_session_that_lapsed_is_over_although_it_still_holds_a_lease() {
    Worker worker = tenant.worker("a");
    worker.start(claimed(worker));
    tenant.trigger(Item.of("a"));
    tenant.letTimePass(Tenant.LAPSE);
    engine.database.transaction(
        tenant.id(),
        tx -> {
          tx.sql("select from leases where environment_id = :environment for update") // a report
              .list(r -> true);
          lapse(tenant);
          assertThat(isRenewed(worker)).isFalse();
          assertThat(worker.claim(1)).isEmpty();
          return null;
        });
    lapse(tenant);
    assertThat(tenant.count("sessions")).isZero();
    assertThat(tenant.count("leases")).isZero();
    assertThat(tenant.count("ready")).isEqualTo(2);
  }

  @Test
  void a_lapsed_session_with_many_leases_ends_in_steps() {
    Worker worker = tenant.worker("a");
    tenant.triggerMany(2_500, Item.of("a"));
    while (!worker.claim(500).isEmpty()) {}
    tenant.letTimePass(Tenant.LAPSE);
    assertThat(tenant.reclaim(tenant.now())).isEqualTo(2_500 + 1);
    assertThat(tenant.count("ready")).isEqualTo(2_500);
    assertThat(maxLosses(tenant)).isEqualTo(1);
    assertThat(tenant.count("sessions")).isZero();
  }

  private ClaimedRun claimed(Worker worker) {
    tenant.trigger(Item.of("a"));
    return worker.claimOne();
  }

  @Test
  void ATT_09_a_run_whose_worker_is_silent_about_an_exceeded_attempt_ends_as_timed_out() {
    Duration max = Duration.ofMinutes(5);
    Worker worker =
        tenant.worker(
            new TaskDefinition("a", null, RetryPolicy.DEFAULT, max.toMillis(), null),
            Tenant.task("b"));
    UUID byTask = tenant.trigger(Item.of("a"));
    UUID byRun = tenant.trigger(Item.of("b").maxDuration(max));
    UUID longer = tenant.trigger(Item.of("a").maxDuration(max.multipliedBy(2)));
    UUID unlimited = tenant.trigger(Item.of("b"));
    List<ClaimedRun> runs = worker.claim(4);
    runs.forEach(worker::start);
    tenant.letTimePass(max.plusSeconds(30));
    tenant.reclaim(tenant.now());
    assertThat(List.of(byTask, byRun))
        .allSatisfy(run -> assertThat(tenant.status(run)).isEqualTo(RunStatus.EXECUTING));
    tenant.letTimePass(Engine.IN_PLACE_MAX.plusSeconds(1));
    tenant.reclaim(tenant.now());
    assertThat(List.of(byTask, byRun))
        .allSatisfy(run -> {
          assertThat(tenant.status(run)).isEqualTo(RunStatus.TIMED_OUT);
          assertThat(tenant.run(run).error()).contains(RunError.Codes.TOO_LONG);
          assertThat(tenant.run(run).attempt()).isEqualTo(1);
        });
    assertThat(List.of(longer, unlimited))
        .allSatisfy(run -> assertThat(tenant.status(run)).isEqualTo(RunStatus.EXECUTING));
    assertThat(worker.check(runs).lost()).hasSize(2);
  }

  @Test
  void closing_a_session_hands_back_all_runs_without_a_loss() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 5));
    List<UUID> runs = tenant.triggerMany(3, Item.of("a"));
    worker.start(worker.claim(3).getFirst());
    worker.close();
    assertThat(tenant.slotsInUse()).isZero();
    assertThat(maxLosses(tenant)).isZero();
    Worker next = tenant.worker(Tenant.limited("a", "q", 5));
    assertThat(next.claimIds(3)).isEqualTo(runs);
    worker.close();
  }

  @Test
  void closing_a_session_during_sweeps_queues_every_run_again_without_a_loss() {
    for (int round = 0; round < 20; round++) {
      Tenant fresh = engine.tenant();
      Worker worker = fresh.worker("a");
      fresh.triggerMany(20, Item.of("a"));
      worker.claim(20);
      Concurrently.call(
          3,
          i -> {
            if (i == 0) {
              fresh.reclaim(
                  fresh.now()); // so that the other threads are in the middle of their sweeps
              worker.close();
            } else {
              for (int sweeps = 0; sweeps < 20; sweeps++) {
                fresh.reclaim(fresh.now());
              }
            }
            return i;
          });
      assertThat(fresh.count("ready")).isEqualTo(20);
      assertThat(maxLosses(fresh)).isZero();
    }
  }

  @Test
  void a_poll_that_outlives_its_session_claims_nothing() {
    Worker worker = tenant.worker("a");
    tenant.trigger(Item.of("a"));
    worker
        .onAnotherServer()
        .close(); // the first server does not notice, and still knows the session
    assertThat(worker.claim(1)).isEmpty();
    assertThat(tenant.count("leases")).isZero();
    assertThat(tenant.count("ready")).isEqualTo(1);
  }

  @Test
  void a_start_reported_twice_counts_once() {
    Worker worker = tenant.worker("a");
    ClaimedRun run = claimed(worker);
    worker.start(run);
    Run before = tenant.run(run.runId());
    assertThat(worker.start(run).lost()).isEmpty();
    assertThat(tenant.run(run.runId())).isEqualTo(before);
  }

  @Test
  void concurrent_sweeps_reclaim_each_run_once() {
    Worker worker = tenant.worker("a");
    tenant.triggerMany(300, Item.of("a"));
    worker.claim(300);
    int all =
        Concurrently.call(4, i -> tenant.reclaim(tenant.now().plus(Duration.ofMinutes(10))))
            .stream()
            .mapToInt(Integer::intValue)
            .sum();
    assertThat(all).isGreaterThanOrEqualTo(300);
    assertThat(tenant.count("ready")).isEqualTo(300);
    assertThat(tenant.count("leases")).isZero();
    assertThat(maxLosses(tenant)).isEqualTo(1);
  }
}

package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.lease.AttemptReport;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.ReportResult;
import dev.fanfare.server.lease.AttemptReport.Retry;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.run.Run;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens after an attempt fails. */
class AttemptTest {
  @AutoClose static final Engine engine = Engine.start();

  private static final RetryPolicy RETRIES_ONCE = new RetryPolicy(2, 0, 0, 1, false);
  private static final RetryPolicy IMMEDIATELY = new RetryPolicy(3, 0, 0, 1, false);
  private static final RetryPolicy AFTER_A_MINUTE = new RetryPolicy(3, 60_000, 60_000, 1, false);

  final Tenant tenant = engine.tenant();

  @Test
  void ATT_01_a_retry_without_a_wait_stays_with_the_worker_and_counts_when_it_starts() {
    Worker worker = tenant.worker(Tenant.task("a", IMMEDIATELY));
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    worker.start(claimed);
    ReportResult result = worker.fail(claimed, 1, true);
    assertThat(result.lost()).isEmpty();
    assertThat(result.retries()).containsExactly(new Retry(run, claimed.fence(), 2, 0));
    assertThat(tenant.run(run).attempt()).isEqualTo(1);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.EXECUTING);
    worker.report(List.of(Worker.started(claimed, 2)), List.of(), List.of());
    assertThat(tenant.run(run).attempt()).isEqualTo(2);
  }

  @Test
  void HBT_12_beyond_its_slots_a_worker_gets_no_retries_and_the_runs_wait_in_their_queues() {
    Worker worker = tenant.worker(Tenant.task("a", IMMEDIATELY));
    tenant.triggerMany(5, Item.of("a"));
    List<ClaimedRun> claimed = worker.claim(5);
    List<Finished> failed = claimed.stream().map(run -> Worker.failure(run, 1, true)).toList();
    int others = Tenant.SLOTS - 2; // beside those that the report names
    ReportResult result =
        worker.report(new AttemptReport(List.of(), failed, List.of(), others + 5, List.of()));
    assertThat(result.lost()).isEmpty();
    assertThat(result.retries()).hasSize(2);
    assertThat(tenant.count("delays")).isEqualTo(3);
    assertThat(tenant.count("leases")).isEqualTo(2);
  }

  @Test
  void ATT_01_the_same_failure_reported_again_gets_the_same_retry() {
    Worker worker = tenant.worker(Tenant.task("a", IMMEDIATELY));
    tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    List<Retry> first = worker.fail(claimed, 1, true).retries();
    assertThat(worker.fail(claimed, 1, true).retries()).isEqualTo(first);
  }

  @Test
  void ATT_02_a_retry_that_succeeds_completes_with_attempt_2() {
    Worker worker = tenant.worker(Tenant.task("a", IMMEDIATELY));
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    worker.start(claimed);
    Instant started = tenant.run(run).startedAt();
    worker.fail(claimed, 1, true);
    worker.report(List.of(), List.of(Worker.success(claimed, 2, "\"ok\"")), List.of());
    Run ended = tenant.run(run);
    assertThat(ended.status()).isEqualTo(RunStatus.COMPLETED);
    assertThat(ended.attempt()).isEqualTo(2);
    assertThat(ended.startedAt()).isEqualTo(started);
  }

  @Test
  void ATT_03_a_long_wait_frees_the_slot_and_the_run_cannot_be_claimed_early() {
    Worker worker =
        tenant.worker(
            new TaskDefinition("a", new QueueDefinition("q", 1), AFTER_A_MINUTE, null, null));
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    worker.start(claimed);
    Instant before = tenant.now();
    assertThat(worker.fail(claimed, 1, true).retries()).isEmpty();
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.run(run).attempt()).isEqualTo(1);
    assertThat(tenant.slotsInUse()).isZero();
    assertThat(tenant.count("leases")).isZero();

    tenant.queueDue(before.plusSeconds(59));
    assertThat(worker.claim(1)).isEmpty();
    tenant.queueDue(tenant.now().plusSeconds(60));
    ClaimedRun again = worker.claimOne();
    assertThat(again.runId()).isEqualTo(run);
    assertThat(again.lastAttempt() + 1).isEqualTo(2);
    assertThat(again.fence()).isGreaterThan(claimed.fence());
    worker.succeed(again, "1");
    assertThat(tenant.run(run).attempt()).isEqualTo(2);
  }

  @Test
  void ATT_04_the_failure_of_the_last_attempt_ends_the_run() {
    Worker worker = tenant.worker(Tenant.task("a", IMMEDIATELY));
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    assertThat(worker.fail(claimed, 1, true).retries()).hasSize(1);
    assertThat(worker.fail(claimed, 2, true).retries()).hasSize(1);
    assertThat(worker.fail(claimed, 3, true).retries()).isEmpty();
    assertThat(tenant.status(run)).isEqualTo(RunStatus.FAILED);
    assertThat(tenant.run(run).attempt()).isEqualTo(3);
  }

  @Test
  void ATT_04_a_failure_that_must_not_be_retried_ends_the_run() {
    Worker worker = tenant.worker(Tenant.task("a", IMMEDIATELY));
    UUID run = tenant.trigger(Item.of("a"));
    assertThat(worker.fail(worker.claimOne(), 1, false).retries()).isEmpty();
    assertThat(tenant.status(run)).isEqualTo(RunStatus.FAILED);
  }

  @Test
  void ATT_04_the_max_attempts_of_a_run_override_those_of_its_task() {
    Worker worker = tenant.worker(Tenant.task("a", IMMEDIATELY));
    UUID run = tenant.trigger(Item.of("a").maxAttempts(1));
    assertThat(worker.fail(worker.claimOne(), 1, true).retries()).isEmpty();
    assertThat(tenant.status(run)).isEqualTo(RunStatus.FAILED);
  }

  @Test
  void ATT_08_a_failure_follows_the_retry_policy_stored_with_the_task_at_that_time() {
    Worker worker = tenant.worker(Tenant.task("a", IMMEDIATELY));
    UUID run = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    tenant.worker(Tenant.task("a", AFTER_A_MINUTE));
    assertThat(worker.fail(claimed, 1, true).retries()).isEmpty();
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.count("delays")).isEqualTo(1);
  }

  @Test
  void a_wait_up_to_the_limit_is_in_place_and_a_longer_one_in_the_queue() {
    long limit = Engine.IN_PLACE_MAX.toMillis();
    Worker worker =
        tenant.worker(
            Tenant.task("a", new RetryPolicy(2, limit, limit, 1, false)),
            Tenant.task("b", new RetryPolicy(2, limit + 1, limit + 1, 1, false)));
    tenant.trigger(Item.of("a"));
    ClaimedRun a = worker.claimOne();
    assertThat(worker.fail(a, 1, true).retries())
        .containsExactly(new Retry(a.runId(), a.fence(), 2, limit));
    tenant.trigger(Item.of("b"));
    ClaimedRun b = worker.claimOne();
    assertThat(worker.fail(b, 1, true).retries()).isEmpty();
    assertThat(tenant.count("delays")).isEqualTo(1);
  }

  @Test
  void every_finished_attempt_in_a_report_is_settled_on_its_own() {
    Worker worker =
        tenant.worker(
            Tenant.task("in place", IMMEDIATELY),
            Tenant.task("later", AFTER_A_MINUTE),
            Tenant.task("never"));
    UUID batch =
        tenant
            .batch(Item.of("in place"), Item.of("later"), Item.of("never"), Item.of("never"))
            .batchId();
    List<ClaimedRun> runs = worker.claim(4);
    worker.report(
        runs.stream().map(run -> Worker.started(run, 1)).toList(),
        List.of(
            Worker.failure(runs.get(0), 1, true),
            Worker.failure(runs.get(1), 1, true),
            Worker.failure(runs.get(2), 1, true),
            Worker.success(runs.get(3), 1, "1")),
        List.of());
    assertThat(runs.stream().map(run -> tenant.status(run.runId())).toList())
        .containsExactly(
            RunStatus.EXECUTING, RunStatus.QUEUED, RunStatus.FAILED, RunStatus.COMPLETED);
    assertThat(tenant.finalRuns(batch)).hasSize(2);
  }

  @Test
  void attempt_numbers_continue_after_a_worker_is_lost() {
    Worker worker = tenant.worker(Tenant.task("a", IMMEDIATELY));
    UUID run = tenant.trigger(Item.of("a"));
    worker.start(worker.claimOne());
    tenant.reclaim(tenant.now().plus(Tenant.LAPSE));
    Worker next = tenant.worker(Tenant.task("a", IMMEDIATELY));
    ClaimedRun again = next.claimOne();
    assertThat(again.lastAttempt() + 1).isEqualTo(2);
    next.start(again);
    assertThat(tenant.run(run).attempt()).isEqualTo(2);
    assertThat(Duration.between(tenant.run(run).startedAt(), tenant.now())).isPositive();
  }

  @Test
  void the_triggers_max_duration_overrides_the_tasks() {
    Duration minute = Duration.ofMinutes(1);
    Duration hour = Duration.ofHours(1);
    Worker worker =
        tenant.worker(
            Tenant.task("free"),
            new TaskDefinition("bounded", null, IMMEDIATELY, minute.toMillis(), null));
    tenant.batch(
        Item.of("free"),
        Item.of("free").maxDuration(hour),
        Item.of("bounded"),
        Item.of("bounded").maxDuration(hour));
    assertThat(worker.claim(4))
        .extracting(ClaimedRun::task, ClaimedRun::maxDuration)
        .containsExactlyInAnyOrder(
            tuple("free", null), tuple("free", hour),
            tuple("bounded", minute), tuple("bounded", hour));
  }

  @Test
  void ATT_14_a_lost_attempt_counts_and_the_run_is_executed_even_beyond_its_max_attempts() {
    UUID completed = tenant.trigger(Item.of("a"));
    UUID failed = tenant.trigger(Item.of("a"));
    int lost = RETRIES_ONCE.maxAttempts() + 1;
    for (int attempt = 1; attempt <= lost; attempt++) {
      loseBoth(attempt);
      assertThat(List.of(completed, failed))
          .extracting(tenant::status)
          .containsOnly(RunStatus.QUEUED);
    }
    Worker worker = tenant.worker(Tenant.task("a", RETRIES_ONCE));
    List<ClaimedRun> claimed = worker.claim(2);
    assertThat(claimed)
        .extracting(ClaimedRun::lastAttempt, ClaimedRun::maxAttempts)
        .containsOnly(tuple(lost, RETRIES_ONCE.maxAttempts()));
    worker.succeed(claimed.get(0), "1");
    assertThat(worker.fail(claimed.get(1), lost + 1, true).retries()).isEmpty();
    assertThat(tenant.status(completed)).isEqualTo(RunStatus.COMPLETED);
    assertThat(tenant.status(failed)).isEqualTo(RunStatus.FAILED);
    assertThat(List.of(completed, failed))
        .extracting(run -> tenant.run(run).attempt())
        .containsOnly(lost + 1);
  }

  /** Lets a worker claim two runs, start this attempt of both, and die. */
  private void loseBoth(int attempt) {
    Worker worker = tenant.worker(Tenant.task("a", RETRIES_ONCE));
    List<ClaimedRun> claimed = worker.claim(2);
    assertThat(claimed).extracting(ClaimedRun::lastAttempt).containsOnly(attempt - 1);
    claimed.forEach(worker::start);
    tenant.reclaim(tenant.now().plus(Tenant.LAPSE));
  }

  @Test
  void ATT_14_the_failure_after_a_lost_or_returned_attempt_is_retried_only_up_to_max_attempts() {
    UUID run = tenant.trigger(Item.of("a"));
    Worker first = tenant.worker(Tenant.task("a", IMMEDIATELY));
    first.start(first.claimOne());
    tenant.reclaim(tenant.now().plus(Tenant.LAPSE));

    Worker second = tenant.worker(Tenant.task("a", IMMEDIATELY));
    ClaimedRun again = second.claimOne();
    second.start(again);
    second.handBack(again);
    ClaimedRun last = second.claimOne();
    assertThat(last.lastAttempt() + 1).isEqualTo(IMMEDIATELY.maxAttempts());
    assertThat(second.fail(last, 3, true).retries()).isEmpty();
    assertThat(tenant.status(run)).isEqualTo(RunStatus.FAILED);
    assertThat(tenant.run(run).attempt()).isEqualTo(3);
  }

  @Test
  void ATT_14_a_claim_that_is_lost_before_its_attempt_starts_uses_up_no_attempt() {
    UUID run = tenant.trigger(Item.of("a"));
    Worker worker = tenant.worker(Tenant.task("a", RETRIES_ONCE));
    worker.claimOne();
    tenant.reclaim(tenant.now().plus(Tenant.NO_START));
    ClaimedRun claimed = worker.claimOne();
    assertThat(worker.fail(claimed, 1, true).retries()).hasSize(1);
    worker.fail(claimed, 2, true);
    assertThat(tenant.run(run).attempt()).isEqualTo(2);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.FAILED);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10})
  void ATT_14_the_limit_of_losses_is_the_same_for_every_max_attempts(int maxAttempts) {
    RetryPolicy policy = new RetryPolicy(maxAttempts, 0, 0, 1, false);
    UUID run = tenant.trigger(Item.of("a"));
    for (int losses = 1; losses <= Engine.LOSSES_MAX + 1; losses++) {
      assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
      Worker worker = tenant.worker(Tenant.task("a", policy));
      ClaimedRun claimed = worker.claimOne();
      int attempt = claimed.lastAttempt() + 1;
      if (attempt < maxAttempts) { // a failure in between is no loss
        worker.fail(claimed, attempt, true);
        attempt++;
      }
      worker.report(List.of(Worker.started(claimed, attempt)), List.of(), List.of());
      tenant.reclaim(tenant.now().plus(Tenant.LAPSE));
    }
    assertThat(tenant.status(run)).isEqualTo(RunStatus.SYSTEM_FAILURE);
    int failures = maxAttempts == 1 ? 0 : maxAttempts == 2 ? 1 : Engine.LOSSES_MAX + 1;
    assertThat(tenant.run(run).attempt()).isEqualTo(Engine.LOSSES_MAX + 1 + failures);
  }

  @Test
  void a_run_that_is_already_final_keeps_its_outcome_and_the_rest_of_the_report_is_stored() {
    Worker worker = tenant.worker("a");
    tenant.triggerMany(3, Item.of("a"));
    List<ClaimedRun> runs = worker.claim(3);
    engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql(
                    """
                    insert into outcomes
                           (environment_id, run_id, status, attempt, finished_at, duration_ms)
                    values (:environment, :run_id, 'CRASHED', 1, now(), 0)
                    """)
                .bind("run_id", runs.get(1).runId())
                .update());
    ReportResult result =
        worker.report(
            List.of(), runs.stream().map(run -> Worker.success(run, 1, "1")).toList(), List.of());
    assertThat(result.lost()).isEmpty();
    assertThat(runs)
        .extracting(run -> tenant.status(run.runId()))
        .containsExactly(RunStatus.COMPLETED, RunStatus.CRASHED, RunStatus.COMPLETED);
    assertThat(tenant.count("leases")).isZero();
  }
}

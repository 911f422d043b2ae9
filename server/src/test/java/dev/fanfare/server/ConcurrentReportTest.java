package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.lease.AttemptReport.ReportResult;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.testkit.Await;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * Reports that have to wait for a lease while another transaction changes it: a cancel, the news of
 * one, or the same report, sent again because its response was late. A lease that the session still
 * holds must not be in the response as lost, because the worker would forget a run that the server
 * believes to be executing.
 */
class ConcurrentReportTest {
  private static final Duration BOUND = Duration.ofSeconds(30);

  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  @Test
  void HBT_07_a_start_is_not_lost_while_its_lease_changes() throws Exception {
    Worker worker = tenant.worker("a");
    List<ClaimedRun> runs = claimed(worker, 3);
    ReportResult result = whileLeasesChange(() -> start(worker, runs));
    assertThat(result.lost()).isEmpty();
    assertThat(runs)
        .allSatisfy(run -> {
          assertThat(tenant.status(run.runId())).isEqualTo(RunStatus.EXECUTING);
          assertThat(tenant.run(run.runId()).attempt()).isEqualTo(1);
        });
  }

  @Test
  void HBT_07_a_start_sent_again_while_the_first_is_written_is_not_lost() throws Exception {
    Worker worker = tenant.worker("a");
    List<ClaimedRun> runs = claimed(worker, 3);
    FutureTask<ReportResult> again = new FutureTask<>(() -> start(worker, runs));
    ReportResult first =
        whileLeasesChange(() -> {
          Thread.ofVirtual().start(again);
          return start(worker, runs);
        });
    assertThat(first.lost()).isEmpty();
    assertThat(again.get(BOUND.toSeconds(), TimeUnit.SECONDS).lost()).isEmpty();
  }

  @Test
  void HBT_07_of_starts_that_wait_only_those_of_ended_leases_are_lost() throws Exception {
    Worker worker = tenant.worker("a");
    List<ClaimedRun> runs = claimed(worker, 3);
    worker.handBack(runs.get(1));
    ReportResult result = whileLeasesChange(() -> start(worker, runs));
    assertThat(result.lost()).extracting("runId").containsExactly(runs.get(1).runId());
  }

  @Test
  void CAN_09_a_worker_that_starts_a_run_while_it_is_canceled_is_told() throws Exception {
    Worker worker = tenant.worker("a");
    ClaimedRun run = claimed(worker, 1).getFirst();
    ReportResult result =
        whileLeasesChange(
            "update leases set canceled_at = now() where environment_id = :environment",
            () -> worker.start(run));
    assertThat(result.lost()).isEmpty();
    assertThat(result.canceled()).extracting("runId").containsExactly(run.runId());
    assertThat(worker.succeed(run, "1").lost()).isEmpty();
    assertThat(tenant.status(run.runId())).isEqualTo(RunStatus.CANCELED);
    assertThat(tenant.count("leases")).isZero();
  }

  @Test
  void HBT_07_an_outcome_is_not_lost_while_its_lease_changes() throws Exception {
    Worker worker = tenant.worker(Tenant.task("a", new RetryPolicy(3, 0, 0, 1, false)));
    List<ClaimedRun> runs = claimed(worker, 3);
    ReportResult result =
        whileLeasesChange(() ->
            worker.report(
                List.of(Worker.started(runs.get(2), 1)),
                List.of(Worker.success(runs.get(0), 1, "1"), Worker.failure(runs.get(1), 1, true)),
                List.of()));
    assertThat(result.lost()).isEmpty();
    assertThat(result.retries()).extracting("runId").containsExactly(runs.get(1).runId());
    assertThat(tenant.status(runs.get(0).runId())).isEqualTo(RunStatus.COMPLETED);
    assertThat(tenant.run(runs.get(1).runId()).attempt()).isEqualTo(1);
  }

  @Test
  void HBT_07_a_hand_back_and_a_check_are_not_lost_while_their_leases_change() throws Exception {
    Worker worker = tenant.worker("a");
    List<ClaimedRun> runs = claimed(worker, 2);
    assertThat(whileLeasesChange(() -> worker.handBack(runs.getFirst())).lost()).isEmpty();
    assertThat(tenant.status(runs.getFirst().runId())).isEqualTo(RunStatus.QUEUED);
    assertThat(worker.check(runs).lost()).hasSize(1);
  }

  private List<ClaimedRun> claimed(Worker worker, int count) {
    tenant.triggerMany(count, Item.of("a"));
    return worker.claim(count);
  }

  private static ReportResult start(Worker worker, List<ClaimedRun> runs) {
    return worker.report(
        runs.stream().map(run -> Worker.started(run, 1)).toList(), List.of(), List.of());
  }

  private ReportResult whileLeasesChange(Callable<ReportResult> report) throws Exception {
    return whileLeasesChange(
        "update leases set poll_no = poll_no where environment_id = :environment", report);
  }

  /** Sends a report that waits for a change of its leases, which is then committed. */
  private ReportResult whileLeasesChange(String change, Callable<ReportResult> report)
      throws Exception {
    FutureTask<ReportResult> waiting = new FutureTask<>(report);
    engine.database.transaction(
        tenant.id(),
        tx -> {
          tx.sql(change).update();
          Thread.ofVirtual().start(waiting);
          Await.until("the report waits for its leases", BOUND, this::isLockAwaited);
          return null;
        });
    return waiting.get(BOUND.toSeconds(), TimeUnit.SECONDS);
  }

  private boolean isLockAwaited() {
    return tenant.number("select count(*)::int as n from pg_locks where not granted") > 0;
  }
}

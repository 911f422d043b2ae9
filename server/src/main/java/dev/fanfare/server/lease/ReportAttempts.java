package dev.fanfare.server.lease;

import static dev.fanfare.server.config.ServerSettings.RETRY_IN_PLACE_MAX;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.ReportResult;
import dev.fanfare.server.run.FinishRuns;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Writes a worker's report in one transaction, for many runs: starts, outcomes, retries, runs
 * handed back. A worker may send a report again after the response was lost: runs that the first
 * one ended are in the response as lost, and a retry is granted again because its attempt has not
 * started.
 */
public final class ReportAttempts {
  private final Database database;
  private final Signals signals;
  private final FinishRuns runs;
  private final FailAttempts attempts;
  private final LeaseStore leases = new LeaseStore();

  ReportAttempts(Resources resources, FinishRuns runs) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.runs = runs;
    this.attempts =
        new FailAttempts(resources.random(), resources.config().get(RETRY_IN_PLACE_MAX));
  }

  /** Writes a report; returns once it is durable. */
  public ReportResult report(int environmentId, UUID sessionId, AttemptReport report) {
    Written written = database.transaction(environmentId, tx -> write(tx, sessionId, report));
    if (written.claimable()) {
      signals.ready(environmentId);
    }
    return written.result();
  }

  /**
   * @param claimable whether runs may be claimable now that were not before
   */
  private record Written(ReportResult result, boolean claimable) {}

  private Written write(Tx tx, UUID sessionId, AttemptReport report) {
    ReportResult result = new ReportResult(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    Settlement settlement = new Settlement();
    if (!report.started().isEmpty()) {
      start(tx, sessionId, report.started(), result);
    }
    List<Finished> succeeded = report.finished().stream().filter(f -> f.error() == null).toList();
    if (!succeeded.isEmpty()) {
      complete(tx, sessionId, succeeded, result, settlement);
    }
    List<Finished> failed = report.finished().stream().filter(f -> f.error() != null).toList();
    if (!failed.isEmpty()) {
      attempts.fail(tx, sessionId, failed, result, settlement);
    }
    if (!report.returned().isEmpty()) {
      handBack(tx, sessionId, report.returned(), result, settlement);
    }
    boolean claimable = settlement.write(tx, runs);
    result.canceled().addAll(leases.notifyCanceled(tx, sessionId));
    return new Written(result, claimable);
  }

  private void start(Tx tx, UUID sessionId, List<AttemptRef> started, ReportResult result) {
    // A session can hold only the latest claim of a run, and only its latest attempt counts.
    Map<UUID, AttemptRef> latest = new LinkedHashMap<>();
    for (AttemptRef attempt : started) {
      latest.merge(attempt.runId(), attempt, ReportAttempts::later);
    }
    Set<LeaseRef> held = new HashSet<>();
    leases
        .start(tx, sessionId, List.copyOf(latest.values()))
        .forEach(attempt -> held.add(attempt.lease()));
    for (AttemptRef attempt : started) {
      if (!held.contains(attempt.lease())) {
        result.lost().add(attempt.lease());
      }
    }
  }

  private static AttemptRef later(AttemptRef a, AttemptRef b) {
    boolean first = a.fence() > b.fence() || (a.fence() == b.fence() && a.attempt() > b.attempt());
    return first ? a : b;
  }

  private void complete(
      Tx tx, UUID sessionId, List<Finished> succeeded, ReportResult result, Settlement settlement) {
    List<AttemptRef> ended = succeeded.stream().map(Finished::ref).toList();
    Map<LeaseRef, Lease> released = Lease.byRef(leases.end(tx, sessionId, ended));
    for (Finished finished : succeeded) {
      Lease lease = released.remove(finished.lease());
      if (lease == null) {
        result.lost().add(finished.lease());
      } else {
        settlement.end(lease, lease.outcome(finished, RunStatus.COMPLETED));
      }
    }
  }

  private void handBack(
      Tx tx, UUID sessionId, List<LeaseRef> returned, ReportResult result, Settlement settlement) {
    Map<LeaseRef, Lease> released = Lease.byRef(leases.handBack(tx, sessionId, returned));
    for (LeaseRef ref : returned) {
      Lease lease = released.remove(ref);
      if (lease == null) {
        result.lost().add(ref);
      } else {
        settlement.queue(lease, lease.losses());
      }
    }
  }
}

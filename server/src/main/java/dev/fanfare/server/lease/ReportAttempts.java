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
 * Writes what a worker reports, many runs in one transaction: starts, ends, retries, runs handed
 * back. Sent again after its answer was lost, a report does no harm: what it ended before is
 * answered as lost, and a retry is granted again because its attempt has not started.
 */
public final class ReportAttempts {
  private final Database database;
  private final Signals signals;
  private final FinishRuns finish;
  private final FailAttempts fail;
  private final LeaseStore leases = new LeaseStore();

  ReportAttempts(Resources resources, FinishRuns finish) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.finish = finish;
    this.fail = new FailAttempts(resources.random(), resources.config().get(RETRY_IN_PLACE_MAX));
  }

  /** Writes a report and returns what the worker must know. */
  public ReportResult report(int environmentId, UUID sessionId, AttemptReport report) {
    Written written = database.transaction(environmentId, tx -> write(tx, sessionId, report));
    if (written.claimable()) {
      signals.ready(environmentId);
    }
    return written.verdict();
  }

  /**
   * @param claimable whether something can be claimed now that could not before
   */
  private record Written(ReportResult verdict, boolean claimable) {}

  private Written write(Tx tx, UUID sessionId, AttemptReport report) {
    ReportResult verdict =
        new ReportResult(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    Settlement settlement = new Settlement();
    if (!report.started().isEmpty()) {
      start(tx, sessionId, report, verdict);
    }
    List<Finished> succeeded = report.finished().stream().filter(f -> f.error() == null).toList();
    if (!succeeded.isEmpty()) {
      complete(tx, sessionId, succeeded, verdict, settlement);
    }
    List<Finished> failed = report.finished().stream().filter(f -> f.error() != null).toList();
    if (!failed.isEmpty()) {
      fail.fail(tx, sessionId, failed, verdict, settlement);
    }
    if (!report.returned().isEmpty()) {
      handBack(tx, sessionId, report.returned(), verdict, settlement);
    }
    boolean claimable = settlement.write(tx, finish);
    for (LeaseRef hold : leases.notifyCanceled(tx, sessionId)) {
      verdict.canceled().add(hold);
    }
    return new Written(verdict, claimable);
  }

  private void start(Tx tx, UUID sessionId, AttemptReport report, ReportResult verdict) {
    // Of two claims of one run only the later can be held, and of its attempts the later counts.
    Map<UUID, AttemptRef> latest = new LinkedHashMap<>();
    for (AttemptRef s : report.started()) {
      latest.merge(s.runId(), s, ReportAttempts::later);
    }
    Set<LeaseRef> held = new HashSet<>();
    leases
        .start(tx, sessionId, List.copyOf(latest.values()))
        .forEach(claim -> held.add(claim.lease()));
    for (AttemptRef s : report.started()) {
      if (!held.contains(s.lease())) {
        verdict.lost().add(s.lease());
      }
    }
  }

  private static AttemptRef later(AttemptRef a, AttemptRef b) {
    boolean first = a.fence() > b.fence() || (a.fence() == b.fence() && a.attempt() > b.attempt());
    return first ? a : b;
  }

  private void complete(
      Tx tx,
      UUID sessionId,
      List<Finished> succeeded,
      ReportResult verdict,
      Settlement settlement) {
    List<AttemptRef> asked = succeeded.stream().map(Finished::ref).toList();
    Map<LeaseRef, Lease> held = Lease.byRef(leases.release(tx, sessionId, asked));
    for (Finished finished : succeeded) {
      Lease lease = held.remove(finished.lease());
      if (lease == null) {
        verdict.lost().add(finished.lease());
      } else {
        settlement.end(lease, lease.outcome(finished, RunStatus.COMPLETED));
      }
    }
  }

  private void handBack(
      Tx tx, UUID sessionId, List<LeaseRef> returned, ReportResult verdict, Settlement settlement) {
    List<AttemptRef> asked =
        returned.stream().map(r -> new AttemptRef(r.runId(), r.fence(), 0)).toList();
    Map<LeaseRef, Lease> held = Lease.byRef(leases.handBack(tx, sessionId, asked));
    for (LeaseRef run : returned) {
      Lease lease = held.remove(run);
      if (lease == null) {
        verdict.lost().add(run);
      } else {
        settlement.queue(lease, lease.losses());
      }
    }
  }
}

package dev.fanfare.server.lease;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.Returned;
import dev.fanfare.server.lease.AttemptReport.Verdict;
import dev.fanfare.server.lease.Lease.Hold;
import dev.fanfare.server.lease.LeaseStore.Claimed;
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

  public ReportAttempts(Database database, Signals signals, FinishRuns finish, FailAttempts fail) {
    this.database = database;
    this.signals = signals;
    this.finish = finish;
    this.fail = fail;
  }

  /** Writes a report and returns what the worker must know. */
  public Verdict report(int environmentId, UUID sessionId, AttemptReport report) {
    Written written = database.transaction(tx -> write(tx, environmentId, sessionId, report));
    if (written.claimable()) {
      signals.ready(environmentId);
    }
    return written.verdict();
  }

  /**
   * @param claimable whether something can be claimed now that could not before
   */
  private record Written(Verdict verdict, boolean claimable) {}

  private Written write(Tx tx, int environmentId, UUID sessionId, AttemptReport report) {
    Verdict verdict = new Verdict(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    Settlement settlement = new Settlement();
    if (!report.started().isEmpty()) {
      start(tx, environmentId, sessionId, report, verdict);
    }
    List<Finished> succeeded = report.finished().stream().filter(f -> f.error() == null).toList();
    if (!succeeded.isEmpty()) {
      complete(tx, environmentId, sessionId, succeeded, verdict, settlement);
    }
    List<Finished> failed = report.finished().stream().filter(f -> f.error() != null).toList();
    if (!failed.isEmpty()) {
      fail.fail(tx, environmentId, sessionId, failed, verdict, settlement);
    }
    if (!report.returned().isEmpty()) {
      handBack(tx, environmentId, sessionId, report.returned(), verdict, settlement);
    }
    boolean claimable = settlement.write(tx, environmentId, finish);
    for (Hold hold : leases.tellCanceled(tx, environmentId, sessionId)) {
      verdict.canceled().add(new Returned(hold.runId(), hold.fence()));
    }
    return new Written(verdict, claimable);
  }

  private void start(
      Tx tx, int environmentId, UUID sessionId, AttemptReport report, Verdict verdict) {
    // Of two claims of one run only the later can be held, and of its attempts the later counts.
    Map<UUID, Claimed> latest = new LinkedHashMap<>();
    for (AttemptReport.Started s : report.started()) {
      latest.merge(
          s.runId(), new Claimed(s.runId(), s.fence(), s.attempt()), ReportAttempts::later);
    }
    Set<Hold> held = new HashSet<>();
    leases
        .start(tx, environmentId, sessionId, List.copyOf(latest.values()))
        .forEach(claim -> held.add(new Hold(claim.runId(), claim.fence())));
    for (AttemptReport.Started s : report.started()) {
      if (!held.contains(new Hold(s.runId(), s.fence()))) {
        verdict.lost().add(new Returned(s.runId(), s.fence()));
      }
    }
  }

  private static Claimed later(Claimed a, Claimed b) {
    boolean first = a.fence() > b.fence() || (a.fence() == b.fence() && a.attempt() > b.attempt());
    return first ? a : b;
  }

  private void complete(
      Tx tx,
      int environmentId,
      UUID sessionId,
      List<Finished> succeeded,
      Verdict verdict,
      Settlement settlement) {
    List<Claimed> asked = succeeded.stream().map(Claimed::of).toList();
    Map<Hold, Lease> held = Lease.byHold(leases.release(tx, environmentId, sessionId, asked));
    for (Finished finished : succeeded) {
      Lease lease = held.remove(new Hold(finished.runId(), finished.fence()));
      if (lease == null) {
        verdict.lost().add(new Returned(finished.runId(), finished.fence()));
      } else {
        settlement.end(lease, lease.ending(finished, RunStatus.COMPLETED));
      }
    }
  }

  private void handBack(
      Tx tx,
      int environmentId,
      UUID sessionId,
      List<Returned> returned,
      Verdict verdict,
      Settlement settlement) {
    List<Claimed> asked = returned.stream().map(r -> new Claimed(r.runId(), r.fence(), 0)).toList();
    Map<Hold, Lease> held = Lease.byHold(leases.handBack(tx, environmentId, sessionId, asked));
    for (Returned run : returned) {
      Lease lease = held.remove(new Hold(run.runId(), run.fence()));
      if (lease == null) {
        verdict.lost().add(run);
      } else {
        settlement.queue(lease, lease.losses());
      }
    }
  }
}

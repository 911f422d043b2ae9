package dev.fanfare.server.lease;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.Returned;
import dev.fanfare.server.lease.AttemptReport.Verdict;
import dev.fanfare.server.lease.LeaseStore.Claimed;
import dev.fanfare.server.queue.ReadyStore;
import dev.fanfare.server.queue.SlotStore;
import dev.fanfare.server.run.Ending;
import dev.fanfare.server.run.FinishRuns;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

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
  private final ReadyStore ready = new ReadyStore();
  private final SlotStore slots = new SlotStore();

  public ReportAttempts(Database database, Signals signals, FinishRuns finish, FailAttempts fail) {
    this.database = database;
    this.signals = signals;
    this.finish = finish;
    this.fail = fail;
  }

  /** Writes a report and returns what the worker must know. */
  public Verdict report(int environmentId, UUID sessionId, AttemptReport report) {
    Verdict verdict = database.transaction(tx -> write(tx, environmentId, sessionId, report));
    if (!report.finished().isEmpty() || !report.returned().isEmpty()) {
      signals.ready(environmentId); // a slot may be free, or a run back in its queue
    }
    return verdict;
  }

  private Verdict write(Tx tx, int environmentId, UUID sessionId, AttemptReport report) {
    Verdict verdict = new Verdict(new ArrayList<>(), new ArrayList<>());
    if (!report.started().isEmpty()) {
      start(tx, environmentId, sessionId, report, verdict);
    }
    List<Finished> succeeded = report.finished().stream().filter(f -> f.error() == null).toList();
    if (!succeeded.isEmpty()) {
      complete(tx, environmentId, sessionId, succeeded, verdict);
    }
    List<Finished> failed = report.finished().stream().filter(f -> f.error() != null).toList();
    if (!failed.isEmpty()) {
      fail.fail(tx, environmentId, sessionId, failed, verdict);
    }
    if (!report.returned().isEmpty()) {
      handBack(tx, environmentId, sessionId, report.returned(), verdict);
    }
    return verdict;
  }

  private void start(
      Tx tx, int environmentId, UUID sessionId, AttemptReport report, Verdict verdict) {
    List<Claimed> asked =
        report.started().stream().map(s -> new Claimed(s.runId(), s.fence(), s.attempt())).toList();
    Set<UUID> held =
        leases.start(tx, environmentId, sessionId, asked).stream()
            .map(Claimed::runId)
            .collect(Collectors.toSet());
    addLost(asked, held, verdict);
  }

  private void complete(
      Tx tx, int environmentId, UUID sessionId, List<Finished> succeeded, Verdict verdict) {
    List<Claimed> asked = succeeded.stream().map(Claimed::of).toList();
    Map<UUID, Lease> held = Lease.byRun(leases.release(tx, environmentId, sessionId, asked));
    List<Ending> endings = new ArrayList<>(held.size());
    for (Finished finished : succeeded) {
      Lease lease = held.get(finished.runId());
      if (lease != null) {
        endings.add(lease.ending(finished, RunStatus.COMPLETED));
      }
    }
    if (!endings.isEmpty()) {
      finish.finish(tx, environmentId, endings);
    }
    addLost(asked, held.keySet(), verdict);
  }

  private void handBack(
      Tx tx, int environmentId, UUID sessionId, List<Returned> returned, Verdict verdict) {
    List<Claimed> asked = returned.stream().map(r -> new Claimed(r.runId(), r.fence(), 0)).toList();
    List<Lease> released = leases.handBack(tx, environmentId, sessionId, asked);
    if (!released.isEmpty()) {
      ready.insertAll(
          tx, environmentId, released.stream().map(l -> l.toEntry(l.losses())).toList());
      slots.free(tx, environmentId, Lease.slots(released));
    }
    addLost(asked, Lease.byRun(released).keySet(), verdict);
  }

  private static void addLost(List<Claimed> asked, Set<UUID> held, Verdict verdict) {
    for (Claimed claim : asked) {
      if (!held.contains(claim.runId())) {
        verdict.lost().add(new Returned(claim.runId(), claim.fence()));
      }
    }
  }
}

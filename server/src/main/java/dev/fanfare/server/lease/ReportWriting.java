package dev.fanfare.server.lease;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.ReportResult;
import dev.fanfare.server.lease.AttemptReport.Retry;
import dev.fanfare.server.run.FinishRuns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * One report while its transaction writes it: collects the response and, in a {@link Settlement},
 * the results of the leases that the report ends.
 */
final class ReportWriting {
  /** The pause before a session is told again of a canceled lease that it still holds. */
  static final Duration CANCELED_AGAIN = Duration.ofSeconds(5);

  private final Tx tx;
  private final UUID sessionId;
  private final LeaseStore leaseStore = new LeaseStore();
  private final Settlement settlement = new Settlement();
  private final List<LeaseRef> lost = new ArrayList<>();
  private final List<Retry> retries = new ArrayList<>();

  ReportWriting(Tx tx, UUID sessionId) {
    this.tx = tx;
    this.sessionId = sessionId;
  }

  /**
   * The written report.
   *
   * @param claimable the tasks of runs that may be claimable now and were not before
   */
  record Written(ReportResult result, Set<Integer> claimable) {}

  /** Records that attempts started. */
  void start(List<AttemptRef> started) {
    // A session can hold only the latest claim of a run, and only its latest attempt counts.
    Map<UUID, AttemptRef> latest = new LinkedHashMap<>();
    for (AttemptRef attempt : started) {
      latest.merge(attempt.runId(), attempt, ReportWriting::later);
    }
    Set<LeaseRef> held = new HashSet<>();
    leaseStore
        .start(tx, sessionId, List.copyOf(latest.values()))
        .forEach(attempt -> held.add(attempt.lease()));
    for (AttemptRef attempt : started) {
      if (!held.contains(attempt.lease())) {
        lost.add(attempt.lease());
      }
    }
  }

  private static AttemptRef later(AttemptRef a, AttemptRef b) {
    boolean first = a.fence() > b.fence() || (a.fence() == b.fence() && a.attempt() > b.attempt());
    return first ? a : b;
  }

  /** Ends the runs of successful attempts. */
  void succeed(List<Finished> succeeded) {
    List<AttemptRef> attempts = succeeded.stream().map(Finished::ref).toList();
    Map<LeaseRef, Lease> ended = Lease.byRef(leaseStore.end(tx, sessionId, attempts));
    for (Finished finished : succeeded) {
      Lease lease = ended.remove(finished.lease());
      if (lease == null) {
        lost.add(finished.lease());
      } else {
        settlement.end(lease, lease.outcome(finished, RunStatus.COMPLETED));
      }
    }
  }

  /** Ends the runs of successful attempts under leases that are known, in the same order. */
  void succeed(Session session, List<Finished> succeeded, List<Lease> known) {
    new KnownLeaseStore().end(tx, session, known);
    for (int i = 0; i < known.size(); i++) {
      Lease lease = known.get(i);
      settlement.end(lease, lease.outcome(succeeded.get(i), RunStatus.COMPLETED));
    }
  }

  /**
   * Retries the runs of failed attempts, or ends them.
   *
   * @param inPlaceMax how many may wait at the worker for their next attempt
   */
  void fail(FailAttempts failAttempts, List<Finished> failed, int inPlaceMax) {
    FailAttempts.FailResult result =
        failAttempts.fail(tx, sessionId, failed, inPlaceMax, settlement);
    lost.addAll(result.lost());
    retries.addAll(result.retries());
  }

  /** Queues runs again that the worker hands back. */
  void handBack(List<LeaseRef> returned) {
    Map<LeaseRef, Lease> ended = Lease.byRef(leaseStore.handBack(tx, sessionId, returned));
    for (LeaseRef ref : returned) {
      Lease lease = ended.remove(ref);
      if (lease == null) {
        lost.add(ref);
      } else {
        settlement.queue(lease, lease.losses());
      }
    }
  }

  /** Finds the lost ones among leases that the worker believes to hold. */
  void check(List<LeaseRef> believed) {
    Set<LeaseRef> held = new HashSet<>(leaseStore.held(tx, sessionId, believed));
    believed.stream().filter(ref -> !held.contains(ref)).forEach(lost::add);
  }

  /** Settles the leases that ended, and completes the response with cancels. Called last, once. */
  Later<Written> finish(FinishRuns finishRuns) {
    Later<Set<Integer>> claimable = settlement.write(tx, finishRuns);
    return leaseStore
        .notifyCanceled(tx, sessionId, CANCELED_AGAIN)
        .map(canceled -> new Written(new ReportResult(lost, retries, canceled), claimable.get()));
  }
}

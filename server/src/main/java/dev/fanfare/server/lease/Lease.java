package dev.fanfare.server.lease;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.queue.Entry;
import dev.fanfare.server.run.Outcome;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A lease: the right of one session to execute and report one run.
 *
 * @param fence the number of the claim; later claims of the run have greater ones
 * @param rank the run's rank in its lane
 * @param attempt the last attempt that started; 0 before the first
 * @param losses how often the run was lost with its worker before this claim
 * @param startedAt when the current attempt started; absent: it has not started
 * @param firstStartedAt when the first attempt started; absent: none has started
 * @param batchId absent: the run belongs to no batch
 * @param versionId the version of the worker's code
 * @param canceled whether the run was canceled under this lease
 */
record Lease(
    UUID runId,
    int fence,
    long laneId,
    long rank,
    int attempt,
    int losses,
    @Nullable Instant startedAt,
    @Nullable Instant firstStartedAt,
    @Nullable UUID batchId,
    int versionId,
    boolean canceled) {

  /** The entry that puts the run back into its queue at its old rank. */
  Entry toEntry(int newLosses) {
    return new Entry(runId, laneId, rank, fence, attempt, newLosses, firstStartedAt);
  }

  /** The outcome of a run that ends with an attempt under this lease. */
  Outcome outcome(AttemptReport.Finished finished, RunStatus status) {
    return new Outcome(
        runId,
        batchId,
        status,
        finished.attempt(),
        finished.output(),
        finished.outputType(),
        finished.error(),
        firstStartedAt,
        finished.durationMillis(),
        versionId);
  }

  /** The outcome of a run that was canceled under this lease. */
  Outcome canceledOutcome(int lastAttempt, long durationMillis) {
    return Outcome.canceled(runId, batchId, lastAttempt, firstStartedAt, durationMillis, versionId);
  }

  /** What identifies the lease in reports. */
  LeaseRef ref() {
    return new LeaseRef(runId, fence);
  }

  /** Indexes leases by what identifies them in reports, in a map that the caller may change. */
  static Map<LeaseRef, Lease> byRef(List<Lease> leases) {
    Map<LeaseRef, Lease> byRef = new HashMap<>();
    leases.forEach(lease -> byRef.put(lease.ref(), lease));
    return byRef;
  }

  /** Counts the slots that these leases hold, by lane. */
  static Map<Long, Integer> slots(List<Lease> leases) {
    Map<Long, Integer> countByLane = new HashMap<>();
    leases.forEach(lease -> countByLane.merge(lease.laneId(), 1, Integer::sum));
    return countByLane;
  }

  /** A lease with the retry policy of its run. */
  record WithPolicy(Lease lease, int maxAttempts, RetryPolicy policy) {}
}

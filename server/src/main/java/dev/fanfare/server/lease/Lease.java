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
 * One claim of a run.
 *
 * @param fence the claim's number; a later claim of the same run has a greater one
 * @param attempt the last attempt that started; 0 before the first
 * @param losses how often the run was lost with its worker before this claim
 * @param startedAt when the current attempt started; absent: it has not
 * @param firstStartedAt when the first attempt started; absent: none did
 * @param versionId the version of the code of the worker that holds it
 * @param canceled whether the run was canceled while it was held
 */
record Lease(
    UUID runId,
    int fence,
    int laneId,
    long rank,
    int attempt,
    int losses,
    @Nullable Instant startedAt,
    @Nullable Instant firstStartedAt,
    @Nullable UUID batchId,
    int versionId,
    boolean canceled) {

  /** The run as an entry that waits again, at its old place. */
  Entry toEntry(int lossesNow) {
    return new Entry(runId, laneId, rank, fence, attempt, lossesNow, firstStartedAt);
  }

  /** How the run ends with an attempt of this lease. */
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

  /** The outcome of a run that was canceled while this lease held it. */
  Outcome canceledOutcome(int lastAttempt, long durationMillis) {
    return Outcome.canceled(runId, batchId, lastAttempt, firstStartedAt, durationMillis, versionId);
  }

  /** What names it in reports. */
  LeaseRef ref() {
    return new LeaseRef(runId, fence);
  }

  /** Leases by what reports name them by; each is to be taken out by the one who ends it. */
  static Map<LeaseRef, Lease> byRef(List<Lease> leases) {
    Map<LeaseRef, Lease> byRef = new HashMap<>();
    leases.forEach(lease -> byRef.put(lease.ref(), lease));
    return byRef;
  }

  /** How many slots of each lane these leases hold. */
  static Map<Integer, Integer> slots(List<Lease> leases) {
    Map<Integer, Integer> countByLane = new HashMap<>();
    leases.forEach(lease -> countByLane.merge(lease.laneId(), 1, Integer::sum));
    return countByLane;
  }

  /** A lease with what decides on another attempt. */
  record WithPolicy(Lease lease, int maxAttempts, RetryPolicy policy) {}
}

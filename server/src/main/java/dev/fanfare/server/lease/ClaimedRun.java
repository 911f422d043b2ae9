package dev.fanfare.server.lease;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A run that a session has claimed, with everything that a worker needs to execute it.
 *
 * @param fence the number of the claim; every report about the run must contain it
 * @param laneId the lane from which it was claimed
 * @param rank its rank in the lane
 * @param lastAttempt the last attempt that started before this claim; 0: none did
 * @param maxAttempts the total number of attempts allowed
 * @param maxDuration how long one attempt may run; absent: no limit
 * @param batchId absent: the run belongs to no batch
 * @param payload absent: none
 * @param payloadType absent: {@code application/json}
 * @param metadata JSON text; absent: none
 * @param test whether the run is marked as a test
 */
public record ClaimedRun(
    UUID runId,
    int fence,
    long laneId,
    long rank,
    int lastAttempt,
    int maxAttempts,
    @Nullable Duration maxDuration,
    String task,
    String queue,
    @Nullable UUID batchId,
    @Nullable String payload,
    @Nullable String payloadType,
    @Nullable String metadata,
    List<String> tags,
    boolean test,
    Instant createdAt) {

  /** Its lease after the claim, if no attempt has started yet. */
  Lease lease(int versionId) {
    return new Lease(
        runId, fence, laneId, rank, lastAttempt, 0, null, null, batchId, versionId, false);
  }

  /** The length of its payload and metadata. */
  public long chars() {
    return (payload == null ? 0L : payload.length()) + (metadata == null ? 0L : metadata.length());
  }
}

package dev.fanfare.server.lease;

import dev.fanfare.protocol.RunError;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a session says happened to runs it holds.
 *
 * @param started attempts that began and have not ended
 * @param finished attempts that ended
 * @param returned runs handed back before they started
 */
public record AttemptReport(
    List<AttemptRef> started, List<Finished> finished, List<LeaseRef> returned) {

  /** An attempt that ended; it succeeded when {@code error} is absent. */
  public record Finished(
      UUID runId,
      int fence,
      int attempt,
      long durationMillis,
      @Nullable String output,
      @Nullable String outputType,
      @Nullable RunError error,
      boolean retryable) {

    /** The lease under which it ran. */
    LeaseRef lease() {
      return new LeaseRef(runId, fence);
    }

    AttemptRef ref() {
      return new AttemptRef(runId, fence, attempt);
    }
  }

  /**
   * What the worker must know after a report.
   *
   * @param lost what the session does not hold (any more)
   * @param retries attempts to start again under the same lease
   * @param canceled what the session holds that was canceled, each notified once
   */
  public record ReportResult(List<LeaseRef> lost, List<Retry> retries, List<LeaseRef> canceled) {}

  /** An attempt to start after a wait. */
  public record Retry(UUID runId, int fence, int attempt, long delayMillis) {}
}

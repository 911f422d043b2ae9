package dev.fanfare.server.lease;

import dev.fanfare.protocol.RunError;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A worker's report about runs that its session holds.
 *
 * @param started attempts that started and have not ended
 * @param finished attempts that ended
 * @param returned runs that the worker hands back
 * @param held how many runs the worker holds, including those above; absent: it does not say
 * @param checked leases of which the worker wants to know whether it lost them
 */
public record AttemptReport(
    List<AttemptRef> started,
    List<Finished> finished,
    List<LeaseRef> returned,
    @Nullable Integer held,
    List<LeaseRef> checked) {

  /** Whether it names attempts, and all of them succeeded. */
  boolean hasOnlySuccesses() {
    return !finished.isEmpty()
        && started.isEmpty()
        && returned.isEmpty()
        && checked.isEmpty()
        && finished.stream().allMatch(attempt -> attempt.error() == null);
  }

  /**
   * An attempt that ended.
   *
   * @param output absent: none
   * @param outputType absent: {@code application/json}
   * @param error absent: the attempt succeeded
   * @param retryable whether another attempt may follow a failure
   */
  public record Finished(
      UUID runId,
      int fence,
      int attempt,
      long durationMillis,
      @Nullable String output,
      @Nullable String outputType,
      @Nullable RunError error,
      boolean retryable) {

    /** The lease under which the attempt ran. */
    LeaseRef lease() {
      return new LeaseRef(runId, fence);
    }

    /** The attempt. */
    AttemptRef ref() {
      return new AttemptRef(runId, fence, attempt);
    }
  }

  /**
   * The response to a report.
   *
   * @param lost reported leases that the session does not hold, or no longer holds
   * @param retries attempts that the worker starts under the same lease
   * @param canceled leases whose run was canceled; each is named again until it ends
   */
  public record ReportResult(List<LeaseRef> lost, List<Retry> retries, List<LeaseRef> canceled) {}

  /** An attempt that the worker starts after a wait. */
  public record Retry(UUID runId, int fence, int attempt, long delayMillis) {}
}

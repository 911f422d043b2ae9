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
    List<Started> started, List<Finished> finished, List<Returned> returned) {

  /** An attempt that began. */
  public record Started(UUID runId, int fence, int attempt) {}

  /** An attempt that ended; it succeeded when {@code error} is absent. */
  public record Finished(
      UUID runId,
      int fence,
      int attempt,
      long durationMillis,
      @Nullable String output,
      @Nullable String outputType,
      @Nullable RunError error,
      boolean retryable) {}

  /** A run handed back. */
  public record Returned(UUID runId, int fence) {}

  /**
   * The answer.
   *
   * @param lost what the session does not hold (any more)
   * @param retries attempts to start again under the same lease
   * @param canceled what the session holds that was canceled, each told once
   */
  public record Verdict(List<Returned> lost, List<Retry> retries, List<Returned> canceled) {}

  /** An attempt to start after a wait. */
  public record Retry(UUID runId, int fence, int attempt, long delayMillis) {}
}

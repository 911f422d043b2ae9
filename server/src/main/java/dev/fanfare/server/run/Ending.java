package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a run ends.
 *
 * @param batchId the batch to tell; absent: none
 * @param status a final one
 * @param attempt the last attempt that started; 0 when none did
 * @param output text of {@code outputType}; absent: none
 * @param outputType absent: {@code application/json}
 * @param error absent on success
 * @param startedAt when the first attempt started; absent: none did, or it started and ended in one
 *     report
 * @param durationMillis how long the last attempt ran
 * @param versionId the version of the code of the worker that held it; 0: none did
 */
public record Ending(
    UUID runId,
    @Nullable UUID batchId,
    RunStatus status,
    int attempt,
    @Nullable String output,
    @Nullable String outputType,
    @Nullable RunError error,
    @Nullable Instant startedAt,
    long durationMillis,
    int versionId) {

  /** The end of a run that was canceled. */
  public static Ending canceled(
      UUID runId,
      @Nullable UUID batchId,
      int attempt,
      @Nullable Instant startedAt,
      long durationMillis,
      int versionId) {
    return new Ending(
        runId,
        batchId,
        RunStatus.CANCELED,
        attempt,
        null,
        null,
        RunError.text("Canceled by user"),
        startedAt,
        durationMillis,
        versionId);
  }

  /** The end of a run that no attempt was made of. */
  public static Ending withoutAttempt(
      UUID runId, @Nullable UUID batchId, RunStatus status, RunError error) {
    return new Ending(runId, batchId, status, 0, null, null, error, null, 0, 0);
  }
}

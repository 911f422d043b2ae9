package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a run ends.
 *
 * @param batchId the batch to notify; absent: none
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
public record Outcome(
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
  public static Outcome canceled(
      UUID runId,
      @Nullable UUID batchId,
      int attempt,
      @Nullable Instant startedAt,
      long durationMillis,
      int versionId) {
    return new Outcome(
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
  public static Outcome withoutAttempt(
      UUID runId, @Nullable UUID batchId, RunStatus status, RunError error) {
    return new Outcome(runId, batchId, status, 0, null, null, error, null, 0, 0);
  }

  /** The text in which its error is stored; absent: none. */
  @Nullable String storedError() {
    return error == null ? null : StoredError.write(error);
  }
}

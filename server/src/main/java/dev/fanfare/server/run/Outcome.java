package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a run ended: its final status, with its output or error.
 *
 * @param batchId the batch that counts this run; absent: none
 * @param status a final status
 * @param attempt the last attempt that started; 0: none started
 * @param output text of {@code outputType}; absent: none
 * @param outputType absent: {@code application/json}
 * @param error absent on success
 * @param startedAt when the first attempt started; absent: none started, or one report covers its
 *     start and its end
 * @param durationMillis how long the last attempt ran
 * @param versionId the version of the code of the worker that held it; 0: no worker held it
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

  /** The outcome of a canceled run. */
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

  /** The outcome of a run that ends before its first attempt. */
  public static Outcome withoutAttempt(
      UUID runId, @Nullable UUID batchId, RunStatus status, RunError error) {
    return new Outcome(runId, batchId, status, 0, null, null, error, null, 0, 0);
  }

  /** The error as stored text; {@code null} on success. */
  @Nullable String storedError() {
    return error == null ? null : StoredError.write(error);
  }
}

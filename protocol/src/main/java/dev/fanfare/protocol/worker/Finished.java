package dev.fanfare.protocol.worker;

import dev.fanfare.protocol.RunError;
import org.jspecify.annotations.Nullable;

/**
 * Reports that an attempt ended. The attempt succeeded if {@code error} is absent.
 *
 * @param runId the run
 * @param fence the claim it ran under
 * @param attempt the attempt's number
 * @param durationMillis how long the attempt ran, in wall-clock time
 * @param output on success, the output as text in the format {@code outputType}; absent: the task
 *     returned nothing
 * @param outputType on success, the media type of the output; absent: {@code application/json}
 * @param error on failure, the cause
 * @param retryable on failure, whether the task's retry policy may start another attempt
 * @param canceled whether the attempt ended because the run was canceled
 */
public record Finished(
    String runId,
    long fence,
    int attempt,
    long durationMillis,
    @Nullable String output,
    @Nullable String outputType,
    @Nullable RunError error,
    boolean retryable,
    boolean canceled) {}

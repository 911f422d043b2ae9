package dev.fanfare.sdk;

import dev.fanfare.protocol.RunError;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of a run of a batch. Immutable.
 *
 * @param id the run's id, {@code run_…}
 * @param isSuccessful whether its status is {@code COMPLETED}; otherwise there is an error
 * @param output as JSON; absent: none
 * @param error why the run failed; absent: it is successful
 * @param taskId the task's id; absent when the server does not send it
 */
public record RunResult(
    String id,
    boolean isSuccessful,
    @Nullable RawJson output,
    @Nullable RunError error,
    @Nullable String taskId) {}

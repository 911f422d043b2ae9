package dev.fanfare.sdk;

import dev.fanfare.protocol.RunError;
import org.jspecify.annotations.Nullable;

/**
 * How a run of a batch ended.
 *
 * @param id the run's id, {@code run_…}
 * @param ok whether it completed; otherwise there is an error
 * @param output as JSON; absent: none
 * @param error why it did not complete; absent: it did
 * @param taskIdentifier the task's id; absent: a server that does not tell it
 */
public record RunResult(
    String id,
    boolean ok,
    @Nullable RawJson output,
    @Nullable RunError error,
    @Nullable String taskIdentifier) {}

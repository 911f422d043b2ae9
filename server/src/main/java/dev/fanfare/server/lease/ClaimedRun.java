package dev.fanfare.server.lease;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A run that a session now holds, with all that execution needs.
 *
 * @param fence under which every report of it must be made
 * @param attempt the last attempt that started before
 * @param maxAttempts attempts in all
 * @param maxDuration how long each may run; absent: for ever
 */
public record ClaimedRun(
    UUID runId,
    int fence,
    int attempt,
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
    Instant createdAt) {}

package dev.fanfare.protocol.worker;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run to execute, with all that execution needs.
 *
 * @param runId the run
 * @param fence the claim under which every report of it must be made
 * @param attempt the number of the attempt to start, from 1
 * @param maxAttempts attempts in all, the first included
 * @param maxDurationMillis how long an attempt may run before the worker stops it and reports
 *     {@code MAX_DURATION_EXCEEDED}; absent: for ever
 * @param task the task's id
 * @param payload the payload as JSON text, exactly as it was sent; absent: none was sent
 * @param payloadType media type of the payload; absent: {@code application/json}. For the types
 *     that carry text ({@code application/super+json}, {@code text/plain}) the JSON text is a
 *     string holding it
 * @param tags the run's tags, sorted
 * @param metadata the run's metadata as JSON text; absent: none
 * @param batchId the batch it was triggered in; absent: triggered alone
 * @param queue the queue it came from
 * @param test whether it was triggered as a test
 * @param createdAt when it was triggered
 */
public record Assignment(
    String runId,
    long fence,
    int attempt,
    int maxAttempts,
    @Nullable Long maxDurationMillis,
    String task,
    @Nullable String payload,
    @Nullable String payloadType,
    List<String> tags,
    @Nullable String metadata,
    @Nullable String batchId,
    String queue,
    boolean test,
    Instant createdAt) {}

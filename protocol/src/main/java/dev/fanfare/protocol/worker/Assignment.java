package dev.fanfare.protocol.worker;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run leased to a worker, with everything needed to execute it.
 *
 * @param runId the run
 * @param fence the fence of the lease; every report of the run must carry it
 * @param attempt the number of the attempt to start, from 1
 * @param maxAttempts the maximum number of attempts, including the first
 * @param maxDurationMillis how long an attempt may run before the worker stops it and reports
 *     {@code MAX_DURATION_EXCEEDED}; absent: unlimited
 * @param task the task's id
 * @param payload the payload as JSON text, exactly as it was sent; absent: the trigger sent none
 * @param payloadType the media type of the payload; absent: {@code application/json}. For the text
 *     types ({@code application/super+json}, {@code text/plain}), {@code payload} is a JSON string
 *     that contains the text
 * @param tags the run's tags, sorted
 * @param metadata the run's metadata as JSON text; absent: none
 * @param batchId the batch it was triggered in; absent: it was triggered alone
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

package dev.fanfare.protocol.worker;

import org.jspecify.annotations.Nullable;

/**
 * A task as its worker declares it. The latest declaration in an environment wins.
 *
 * @param id the task's id, as triggers name it
 * @param queue the queue of its runs, unless the trigger names another; absent: the task's own
 *     queue {@code task/<id>}, without a concurrency limit
 * @param retry when to retry a failed attempt; absent: {@link RetryPolicy#DEFAULT}
 * @param maxDurationMillis the max duration of an attempt in milliseconds, at least 5,000, unless
 *     the trigger sets one; absent: unlimited
 * @param ttlMillis how long a run may stay queued before it expires, in milliseconds, at least
 *     1,000, unless the trigger sets a ttl; absent: unlimited
 */
public record TaskDefinition(
    String id,
    @Nullable QueueDefinition queue,
    @Nullable RetryPolicy retry,
    @Nullable Long maxDurationMillis,
    @Nullable Long ttlMillis) {}

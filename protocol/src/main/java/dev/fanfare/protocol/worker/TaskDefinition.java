package dev.fanfare.protocol.worker;

import org.jspecify.annotations.Nullable;

/**
 * A task as its worker declares it. The last declaration of an environment wins.
 *
 * @param id the task's id, as triggers name it
 * @param queue the queue its runs go to when a trigger names none; absent: a queue of its own,
 *     {@code task/<id>}, without a limit
 * @param retry when to attempt again; absent: {@link RetryPolicy#DEFAULT}
 * @param maxDurationMillis how long an attempt may run when a trigger does not say, from 5,000;
 *     absent: for ever
 * @param ttlMillis how long a run may be queued, when its trigger does not say, before it expires,
 *     from 1,000; absent: for ever
 */
public record TaskDefinition(
    String id,
    @Nullable QueueDefinition queue,
    @Nullable RetryPolicy retry,
    @Nullable Long maxDurationMillis,
    @Nullable Long ttlMillis) {}

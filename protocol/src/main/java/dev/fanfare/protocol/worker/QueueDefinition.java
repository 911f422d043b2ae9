package dev.fanfare.protocol.worker;

import org.jspecify.annotations.Nullable;

/**
 * A queue as a worker declares it.
 *
 * @param name the queue's name
 * @param concurrencyLimit how many runs of the queue may hold a slot at once, from 1; absent: no
 *     limit
 */
public record QueueDefinition(String name, @Nullable Integer concurrencyLimit) {}

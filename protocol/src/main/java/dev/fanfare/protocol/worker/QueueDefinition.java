package dev.fanfare.protocol.worker;

import org.jspecify.annotations.Nullable;

/**
 * A queue as a worker declares it.
 *
 * @param name the queue's name
 * @param concurrencyLimit how many runs of the queue may hold a slot at once, at least 1; absent:
 *     unlimited
 */
public record QueueDefinition(String name, @Nullable Integer concurrencyLimit) {}

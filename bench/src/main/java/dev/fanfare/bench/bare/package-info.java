/**
 * The limits: the least that PostgreSQL must be asked for to do the same work durably. Tables of
 * their own with as many indexes as ours; no HTTP, no worker, no queues, no batches, no fences.
 *
 * <p>Open {@link dev.fanfare.bench.bare.BareQueue} first. Knows nothing of Fanfare.
 */
@NullMarked
package dev.fanfare.bench.bare;

import org.jspecify.annotations.NullMarked;

/**
 * Waiting runs: queues and their lanes, ready entries that workers claim, delays, expiry deadlines,
 * runs parked until a worker declares their task, and the slots of limited queues. Owns {@code
 * queues}, {@code task_queues}, {@code lanes}, {@code slots}, {@code ready}, {@code delays}, {@code
 * expiries} and {@code parked}.
 *
 * <p>A waiting run is one narrow row here, beside its wide row in {@code runs}: claiming it deletes
 * the narrow row, and no index of the wide table changes. Of {@code runs}, this package reads only
 * the time to live. Open {@link dev.fanfare.server.queue.ReadyStore} first.
 */
@NullMarked
package dev.fanfare.server.queue;

import org.jspecify.annotations.NullMarked;

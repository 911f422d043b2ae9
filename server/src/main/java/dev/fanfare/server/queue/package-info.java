/**
 * Where runs wait: queues and their lanes, the ready entries that workers claim, delays that come
 * due, expiry deadlines, runs parked until a worker declares their task, and the slots of limited
 * queues. Owns {@code queues}, {@code lanes}, {@code slots}, {@code ready}, {@code delays}, {@code
 * expiries} and {@code parked}.
 *
 * <p>A run that waits is one narrow row here, apart from its wide row in {@code runs}: taking it is
 * a delete, and no index of the wide table changes while the run moves. Open {@link
 * dev.fanfare.server.queue.ReadyStore} first. All it ever reads of a run is its time to live.
 */
@NullMarked
package dev.fanfare.server.queue;

import org.jspecify.annotations.NullMarked;

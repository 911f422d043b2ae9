/**
 * Where runs wait: queues and their lanes, the ready entries that workers claim, delays that come
 * due, runs parked until a worker knows their task, and the slots of limited queues. Owns {@code
 * queues}, {@code lanes}, {@code slots}, {@code ready}, {@code delays} and {@code parked}.
 *
 * <p>A run that waits is one narrow row here, apart from its wide row in {@code runs}: taking it is
 * a delete, and no index of the wide table ever changes while the run moves. Open {@link
 * dev.fanfare.server.queue.ReadyStore} first. It never knows what a run carries.
 */
@NullMarked
package dev.fanfare.server.queue;

import org.jspecify.annotations.NullMarked;

/**
 * Batches: many runs in one request, or in a stream of items. Owns {@code batches}, {@code
 * batch_keys} and {@code batch_items}.
 *
 * <p>A batch trigger passes through {@link dev.fanfare.server.batch.http.BatchRoutes} (reads and
 * checks the request), {@link dev.fanfare.server.batch.TriggerBatch} (assigns lanes, then stores
 * everything in one transaction), {@link dev.fanfare.server.trigger.AssignLanes} (tasks, queues and
 * lanes), {@link dev.fanfare.server.trigger.CreateRuns} (keys, runs, ready entries) and {@link
 * dev.fanfare.server.run.RunStore} (the INSERT). Read them in this order. This package knows when
 * runs become final, but not how they are executed.
 */
@NullMarked
package dev.fanfare.server.batch;

import org.jspecify.annotations.NullMarked;

/**
 * Batches: many runs in one request, or in a stream of items. Owns {@code batches}, {@code
 * batch_keys}, {@code batch_items} and {@code batch_parts}.
 *
 * <p>A batch trigger passes through {@link dev.fanfare.server.batch.http.BatchRoutes} (reads and
 * checks the request), {@link dev.fanfare.server.batch.TriggerBatch} (assigns lanes, then stores
 * everything in one transaction), {@link dev.fanfare.server.trigger.AssignLanes} (tasks, queues and
 * lanes), {@link dev.fanfare.server.trigger.CreateRuns} (keys, runs, ready entries) and {@link
 * dev.fanfare.server.run.RunStore} (the INSERT). Read them in this order. A streamed batch passes
 * through {@link dev.fanfare.server.batch.AddItems}, {@link dev.fanfare.server.batch.StoreItems}
 * and {@link dev.fanfare.server.batch.SealBatch}. This package knows when runs become final, but
 * not how they are executed.
 */
@NullMarked
package dev.fanfare.server.batch;

import org.jspecify.annotations.NullMarked;

/**
 * Up to a thousand runs in one request, or more in a stream. Owns {@code batches}, {@code
 * batch_keys} and {@code batch_items}.
 *
 * <p>To read "trigger a batch" from top to bottom: {@link
 * dev.fanfare.server.batch.http.BatchRoutes} (who calls, which dialect, what status), {@link
 * dev.fanfare.server.batch.TriggerBatch} (one transaction), {@link
 * dev.fanfare.server.trigger.CreateRuns} (keys, runs, ready entries), {@link
 * dev.fanfare.server.run.RunStore} (the INSERT). It never knows how a run is executed, only that it
 * became final.
 */
@NullMarked
package dev.fanfare.server.batch;

import org.jspecify.annotations.NullMarked;

/**
 * Up to a thousand runs in one request. Owns {@code batches} and {@code batch_keys}.
 *
 * <p>To read "trigger a batch" from top to bottom: {@link dev.fanfare.server.batch.BatchRoutes}
 * (who are you, which dialect, what status), {@link dev.fanfare.server.batch.TriggerBatch} (one
 * transaction), {@link dev.fanfare.server.batch.BatchStore} and {@code run/RunStore} (the
 * statements). It never knows how a run is executed, only that it ended.
 */
@NullMarked
package dev.fanfare.server.batch;

import org.jspecify.annotations.NullMarked;

/**
 * What a run is: what was asked ({@code runs}), how it ended ({@code outcomes}), and reading both.
 * Owns {@code runs}, {@code run_tags}, {@code idempotency_keys} and {@code outcomes}. No change of
 * a run's state updates its row in {@code runs}; only what people change of it does.
 *
 * <p>Every run ends in {@link dev.fanfare.server.run.FinishRuns}, whatever the cause. Open it
 * first, then {@link dev.fanfare.server.run.ReadRuns}. How runs are created is in the room {@code
 * trigger}, what happens in between in {@code queue} and {@code lease}. Batches are notified of
 * outcomes through {@link dev.fanfare.server.run.OutcomeListener}.
 */
@NullMarked
package dev.fanfare.server.run;

import org.jspecify.annotations.NullMarked;

/**
 * Runs: their rows, their outcomes, and reading both. Owns {@code runs}, {@code run_metadata},
 * {@code run_tags}, {@code idempotency_keys} and {@code outcomes}. A change of state never updates
 * a row of {@code runs}; only callers change it: tags, delay, key and debounced data.
 *
 * <p>Every run ends in {@link dev.fanfare.server.run.FinishRuns}; read it first, then {@link
 * dev.fanfare.server.run.ReadRuns}. Runs are created in {@code trigger}, queued in {@code queue}
 * and executed under leases in {@code lease}. Batches are notified of outcomes through {@link
 * dev.fanfare.server.run.OutcomeListener}.
 */
@NullMarked
package dev.fanfare.server.run;

import org.jspecify.annotations.NullMarked;

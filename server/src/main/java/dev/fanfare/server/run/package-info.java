/**
 * A run from its trigger to its end: what was asked ({@code runs}, written once), idempotency, how
 * it ended ({@code outcomes}), and reading it. Owns {@code runs}, {@code run_tags}, {@code
 * idempotency_keys}, {@code request_keys} and {@code outcomes}.
 *
 * <p>Every run is born in {@link dev.fanfare.server.run.TriggerRuns} and ends in {@link
 * dev.fanfare.server.run.FinishRuns}, whatever the cause. Open those two first. What happens in
 * between is told by the rooms {@code queue} and {@code lease}; batches learn of endings through
 * {@link dev.fanfare.server.run.RunsEnded}.
 */
@NullMarked
package dev.fanfare.server.run;

import org.jspecify.annotations.NullMarked;

/**
 * Creating runs: storing and queueing what triggers request. Owns {@code request_keys}.
 *
 * <p>Every run is created in {@link dev.fanfare.server.trigger.CreateRuns}; read it first. Before
 * it, {@link dev.fanfare.server.trigger.AssignLanes} assigns each run to a lane. {@link
 * dev.fanfare.server.trigger.TriggerRun} triggers single runs, many in one transaction; batches are
 * triggered in {@code batch}.
 */
@NullMarked
package dev.fanfare.server.trigger;

import org.jspecify.annotations.NullMarked;

/**
 * From what was asked to runs that are stored and queued. Owns {@code request_keys}.
 *
 * <p>Every run is created in {@link dev.fanfare.server.trigger.CreateRuns}; open it first. {@link
 * dev.fanfare.server.trigger.AssignLanes} comes before it and says where each run will queue.
 * {@link dev.fanfare.server.trigger.TriggerRun} triggers single runs, many in one transaction;
 * batches are the room {@code batch}.
 */
@NullMarked
package dev.fanfare.server.trigger;

import org.jspecify.annotations.NullMarked;

package dev.fanfare.server.run;

/**
 * A new run with the numbers of its task and lane.
 *
 * @param run what was asked
 * @param taskId its task
 * @param laneId where it will queue
 */
public record PlacedRun(NewRun run, int taskId, int laneId) {}

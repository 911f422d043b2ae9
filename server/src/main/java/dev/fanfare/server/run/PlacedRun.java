package dev.fanfare.server.run;

import org.jspecify.annotations.Nullable;

/**
 * A new run with the numbers of its task and lane.
 *
 * @param run what was asked
 * @param taskId its task
 * @param laneId where it will queue
 */
public record PlacedRun(NewRun run, int taskId, int laneId) {
  /** The same as a child of {@code parent}, or of none. */
  public PlacedRun withParent(@Nullable NamedParent parent) {
    return new PlacedRun(run.withParent(parent), taskId, laneId);
  }
}

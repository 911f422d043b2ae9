package dev.fanfare.server.run;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A new run with the numbers of its task and lane.
 *
 * @param run what was asked
 * @param taskId its task
 * @param laneId where it will queue
 * @param taskTtl how long its task lets a run be queued that does not say; absent: for ever
 */
public record PlacedRun(NewRun run, int taskId, int laneId, @Nullable Duration taskTtl) {
  /** The same as a child of {@code parent}, or of none. */
  public PlacedRun withParent(@Nullable NamedParent parent) {
    return with(run.toBuilder().parent(parent).build());
  }

  /** Another run in the same place. */
  PlacedRun with(NewRun other) {
    return new PlacedRun(other, taskId, laneId, taskTtl);
  }
}

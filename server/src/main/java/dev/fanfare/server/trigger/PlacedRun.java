package dev.fanfare.server.trigger;

import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A new run with its task and lane.
 *
 * @param run the request
 * @param taskTtl the task's time to live; absent: none
 */
public record PlacedRun(NewRun run, int taskId, int laneId, @Nullable Duration taskTtl) {
  /** This run as a child of {@code parent}; without a parent if that is {@code null}. */
  public PlacedRun withParent(@Nullable NamedParent parent) {
    NewRun child = run.toBuilder().parent(parent).build();
    return new PlacedRun(child, taskId, laneId, taskTtl);
  }
}

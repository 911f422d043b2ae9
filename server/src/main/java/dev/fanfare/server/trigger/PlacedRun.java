package dev.fanfare.server.trigger;

import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
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
    NewRun child = run.toBuilder().parent(parent).build();
    return new PlacedRun(child, taskId, laneId, taskTtl);
  }
}

package dev.fanfare.server.trigger;

import dev.fanfare.server.queue.Lane;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.task.Task;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A new run with its task and lane.
 *
 * @param run the request
 * @param lane the key of its lane
 * @param taskTtl the task's time to live; absent: none
 * @param assumed the task, if it was not looked up; absent: it was
 */
public record PlacedRun(
    NewRun run, Lane lane, long laneId, @Nullable Duration taskTtl, @Nullable Task assumed) {
  /** The task of the run. */
  public int taskId() {
    return lane.taskId();
  }

  /** The tasks of these runs. */
  public static Set<Integer> taskIds(List<PlacedRun> runs) {
    return runs.stream().map(PlacedRun::taskId).collect(Collectors.toSet());
  }

  /** The lanes of these runs. */
  public static Set<Lane> lanes(List<PlacedRun> runs) {
    return runs.stream().map(PlacedRun::lane).collect(Collectors.toSet());
  }

  /** This run as a child of {@code parent}; without a parent if that is {@code null}. */
  public PlacedRun withParent(@Nullable NamedParent parent) {
    NewRun child = run.toBuilder().parent(parent).build();
    return new PlacedRun(child, lane, laneId, taskTtl, assumed);
  }
}

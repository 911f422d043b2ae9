package dev.fanfare.server.trigger;

import dev.fanfare.protocol.RunError;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.Lane;
import dev.fanfare.server.queue.QueueStore;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.task.Task;
import dev.fanfare.server.task.TaskStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds the lane of each new run, and creates task, queue and lane at their first mention.
 *
 * <p>This is a transaction of its own before the one that creates the runs: a lane without runs is
 * harmless, and so no trigger waits for another one's commit because both mention a new task.
 */
public final class AssignLanes {
  private static final int LANES_REMEMBERED_MAX = 100_000;

  private final Database database;
  private final TaskStore tasks = new TaskStore();
  private final QueueStore queues = new QueueStore();

  /** A lane never changes its number, so what was found once stays true. */
  private final Map<Key, Integer> known = new ConcurrentHashMap<>();

  private record Key(int environmentId, Lane lane) {}

  AssignLanes(Database database) {
    this.database = database;
  }

  /**
   * Runs with their lanes.
   *
   * @param placed in order, without the rejected ones
   * @param rejected why runs were rejected, by their index
   */
  public record Assigned(List<PlacedRun> placed, SortedMap<Integer, String> rejected) {}

  private record Found(Assigned assigned, Map<Lane, Integer> lanes) {}

  /**
   * Assigns every run to its lane, in order: two round trips when all is known, up to thirteen when
   * every task, queue and lane is new, however many runs there are, and one more when any is locked
   * to a version.
   */
  public Assigned assign(int environmentId, List<NewRun> runs, OnRejection onRejection) {
    Found found = database.transaction(environmentId, tx -> find(tx, runs, onRejection));
    // Only now: do not remember lanes of a rolled-back transaction.
    if (known.size() > LANES_REMEMBERED_MAX) {
      known.clear();
    }
    found.lanes().forEach((lane, id) -> known.put(new Key(environmentId, lane), id));
    return found.assigned();
  }

  private Found find(Tx tx, List<NewRun> asked, OnRejection onRejection) {
    LockedVersions versions = LockedVersions.of(tx, asked);
    SortedMap<Integer, String> rejected = new TreeMap<>();
    List<NewRun> runs = new ArrayList<>(asked.size());
    for (int i = 0; i < asked.size(); i++) {
      NewRun run = asked.get(i);
      String why = versions.rejection(run);
      if (why == null) {
        runs.add(run);
      } else if (onRejection == OnRejection.RECORD_AS_FAILED) {
        runs.add(
            NewRun.failed(run.task(), RunError.internal(RunError.Codes.COULD_NOT_TRIGGER, why)));
      } else {
        rejected.put(i, why);
      }
    }
    return runs.isEmpty() || (onRejection == OnRejection.REFUSE_ALL && !rejected.isEmpty())
        ? new Found(new Assigned(List.of(), rejected), Map.of())
        : find(tx, runs, versions, rejected);
  }

  private Found find(
      Tx tx, List<NewRun> runs, LockedVersions versions, SortedMap<Integer, String> rejected) {
    Map<String, Task> taskBySlug = tasks(tx, runs);
    Map<String, Integer> queueByName = namedQueues(tx, runs);
    List<Lane> lanes = new ArrayList<>(runs.size());
    for (NewRun run : runs) {
      Task task = Objects.requireNonNull(taskBySlug.get(run.task()));
      int queueId =
          run.lockToVersion() != null
              ? versions.queueId(run)
              : run.queue() == null
                  ? task.queueId()
                  : Objects.requireNonNull(queueByName.get(run.queue()));
      lanes.add(new Lane(queueId, run.concurrencyKey(), task.id(), versions.versionId(run)));
    }
    Map<Lane, Integer> laneIds = laneIds(tx, lanes);
    List<PlacedRun> placed = new ArrayList<>(runs.size());
    for (NewRun run : runs) {
      Task task = Objects.requireNonNull(taskBySlug.get(run.task()));
      int laneId = Objects.requireNonNull(laneIds.get(lanes.get(placed.size())));
      placed.add(new PlacedRun(run, task.id(), laneId, task.ttl()));
    }
    return new Found(new Assigned(placed, rejected), laneIds);
  }

  private Map<String, Task> tasks(Tx tx, List<NewRun> runs) {
    Set<String> slugs = new LinkedHashSet<>();
    runs.forEach(run -> slugs.add(run.task()));
    Map<String, Task> found = new HashMap<>();
    tasks.find(tx, slugs).forEach(task -> found.put(task.slug(), task));
    if (found.size() < slugs.size()) {
      List<String> missing = slugs.stream().filter(slug -> !found.containsKey(slug)).toList();
      Map<String, Integer> queueIds =
          queues.findOrInsert(tx, missing.stream().map(Task::ownQueue).toList());
      tasks.insertMissing(
          tx, missing, slug -> Objects.requireNonNull(queueIds.get(Task.ownQueue(slug))));
      tasks.find(tx, missing).forEach(task -> found.put(task.slug(), task));
    }
    return found;
  }

  private Map<String, Integer> namedQueues(Tx tx, List<NewRun> runs) {
    Set<String> names = new LinkedHashSet<>();
    for (NewRun run : runs) {
      if (run.queue() != null && run.lockToVersion() == null) {
        names.add(run.queue());
      }
    }
    return names.isEmpty() ? Map.of() : queues.findOrInsert(tx, names);
  }

  private Map<Lane, Integer> laneIds(Tx tx, List<Lane> lanes) {
    Map<Lane, Integer> ids = new HashMap<>();
    Set<Lane> unknown = new LinkedHashSet<>();
    for (Lane lane : lanes) {
      Integer id = known.get(new Key(tx.environmentId(), lane));
      if (id == null) {
        unknown.add(lane);
      } else {
        ids.put(lane, id);
      }
    }
    if (!unknown.isEmpty()) {
      ids.putAll(queues.lanes(tx, unknown));
    }
    return ids;
  }
}

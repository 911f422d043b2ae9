package dev.fanfare.server.trigger;

import dev.fanfare.protocol.RunError;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.Lane;
import dev.fanfare.server.queue.LaneStore;
import dev.fanfare.server.queue.OutdatedLaneException;
import dev.fanfare.server.queue.QueueStore;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.task.Task;
import dev.fanfare.server.task.TaskStore;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the lane of each new run. Creates tasks, queues and lanes that are mentioned for the first
 * time.
 *
 * <p>This happens in its own transaction, before the runs are created. So triggers that mention the
 * same new task do not wait for each other's runs; a lane that stays without runs is retired.
 * Thread-safe.
 */
public final class AssignLanes {
  private static final int LANES_CACHED_MAX = 100_000;
  private static final int TASKS_CACHED_MAX = 10_000;
  private static final int TRIES_MAX = 3;

  private final Database database;
  private final TaskStore tasks = new TaskStore();
  private final QueueStore queues = new QueueStore();
  private final LaneStore laneStore = new LaneStore();

  /** The ids of lanes do not change, but lanes may be retired: see {@link #retrying}. */
  private final Map<Key, Long> laneIds = new ConcurrentHashMap<>();

  /** Tasks may change, too. A plain run is placed by what is known of its task. */
  private final Map<TaskKey, Task> tasksBySlug = new ConcurrentHashMap<>();

  private record Key(int environmentId, Lane lane) {}

  private record TaskKey(int environmentId, String slug) {}

  AssignLanes(Database database) {
    this.database = database;
  }

  /**
   * Runs with their lanes.
   *
   * @param placed the accepted runs, in order
   * @param rejected the reason of each rejection, by the index of the run
   */
  public record Assigned(List<PlacedRun> placed, SortedMap<Integer, String> rejected) {}

  private record Found(Assigned assigned, Map<Lane, Long> lanes, Collection<Task> tasks) {}

  /**
   * Assigns runs to lanes; call it in {@link #retrying}. Takes no round trip for any number of
   * plain runs whose tasks and lanes are cached. Otherwise it takes two, a statement and the
   * commit; one more when a run names a queue, one more when a lane is not cached, and one more
   * when a run is locked to a version; without such a run, it takes up to eleven when every task,
   * queue and lane is new.
   */
  public Assigned assign(int environmentId, List<NewRun> runs, OnRejection onRejection) {
    List<PlacedRun> known = placeByCache(environmentId, runs);
    if (known != null) {
      return new Assigned(known, Collections.emptySortedMap());
    }
    Found found = database.transaction(environmentId, tx -> find(tx, runs, onRejection));
    // After the commit: do not cache lanes of a rolled-back transaction.
    if (laneIds.size() > LANES_CACHED_MAX) {
      laneIds.clear();
    }
    if (tasksBySlug.size() > TASKS_CACHED_MAX) {
      tasksBySlug.clear();
    }
    found.lanes().forEach((lane, id) -> laneIds.put(new Key(environmentId, lane), id));
    found.tasks().forEach(task -> tasksBySlug.put(new TaskKey(environmentId, task.slug()), task));
    return found.assigned();
  }

  /** Places runs by what is known; {@code null} if not all can be. */
  private @Nullable List<PlacedRun> placeByCache(int environmentId, List<NewRun> runs) {
    List<PlacedRun> placed = new ArrayList<>(runs.size());
    for (NewRun run : runs) {
      Task task = isPlain(run) ? tasksBySlug.get(new TaskKey(environmentId, run.task())) : null;
      if (task == null) {
        return null;
      }
      Lane lane = new Lane(task.queueId(), run.concurrencyKey(), task.id(), 0);
      Long laneId = laneIds.get(new Key(environmentId, lane));
      if (laneId == null) {
        return null;
      }
      placed.add(new PlacedRun(run, lane, laneId, task.ttl(), task));
    }
    return placed;
  }

  /** Whether a run depends on its task only, and is inserted into {@code ready}. */
  private static boolean isPlain(NewRun run) {
    return run.queue() == null
        && run.lockToVersion() == null
        && run.delayUntil() == null
        && run.debounce() == null
        && run.failure() == null;
  }

  /**
   * Does work that assigns lanes and then adds runs to them, in transactions of its own. It is
   * repeated if one of the lanes was retired in between, or its task is not what it was assumed.
   */
  public <T> T retrying(int environmentId, Supplier<T> work) {
    for (int tries = 1; ; tries++) {
      try {
        return work.get();
      } catch (OutdatedLaneException e) {
        if (tries == TRIES_MAX) {
          throw e;
        }
        laneIds.values().removeAll(e.laneIds());
        tasksBySlug.keySet().removeIf(key -> key.environmentId() == environmentId);
        // Items of a stream that were stored before have lanes, too, and do not assign them again.
        database.transaction(environmentId, tx -> laneStore.revive(tx, e.laneIds()));
      }
    }
  }

  private Found find(Tx tx, List<NewRun> requested, OnRejection onRejection) {
    LockedVersions versions = LockedVersions.of(tx, requested);
    SortedMap<Integer, String> rejected = new TreeMap<>();
    List<NewRun> runs = new ArrayList<>(requested.size());
    for (int i = 0; i < requested.size(); i++) {
      NewRun run = requested.get(i);
      String reason = versions.rejection(run);
      if (reason == null) {
        runs.add(run);
      } else if (onRejection == OnRejection.RECORD_AS_FAILED) {
        runs.add(run.asFailed(RunError.internal(RunError.Codes.COULD_NOT_TRIGGER, reason)));
      } else {
        rejected.put(i, reason);
      }
    }
    return runs.isEmpty() || (onRejection == OnRejection.REFUSE_ALL && !rejected.isEmpty())
        ? new Found(new Assigned(List.of(), rejected), Map.of(), List.of())
        : place(tx, runs, versions, rejected);
  }

  private Found place(
      Tx tx, List<NewRun> runs, LockedVersions versions, SortedMap<Integer, String> rejected) {
    Map<String, Task> taskBySlug = tasks(tx, runs);
    Set<String> missing = new LinkedHashSet<>();
    runs.stream().map(NewRun::task).filter(t -> !taskBySlug.containsKey(t)).forEach(missing::add);
    Map<String, Integer> queueByName = queues(tx, runs, missing);
    if (!missing.isEmpty()) {
      tasks.insertMissing(
          tx, missing, slug -> Objects.requireNonNull(queueByName.get(Task.ownQueue(slug))));
      tasks.find(tx, missing).forEach(task -> taskBySlug.put(task.slug(), task));
    }
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
    Map<Lane, Long> idByLane = findOrCreate(tx, lanes);
    List<PlacedRun> placed = new ArrayList<>(runs.size());
    for (int i = 0; i < runs.size(); i++) {
      NewRun run = runs.get(i);
      Task task = Objects.requireNonNull(taskBySlug.get(run.task()));
      long laneId = Objects.requireNonNull(idByLane.get(lanes.get(i)));
      placed.add(new PlacedRun(run, lanes.get(i), laneId, task.ttl(), null));
    }
    return new Found(new Assigned(placed, rejected), idByLane, taskBySlug.values());
  }

  private Map<String, Task> tasks(Tx tx, List<NewRun> runs) {
    Set<String> slugs = new LinkedHashSet<>();
    runs.forEach(run -> slugs.add(run.task()));
    Map<String, Task> found = new HashMap<>();
    tasks.find(tx, slugs).forEach(task -> found.put(task.slug(), task));
    return found;
  }

  /**
   * The ids of the queues that runs name, and of the own queues of new tasks. All in one call,
   * because missing queues must be inserted in one order to prevent deadlocks.
   */
  private Map<String, Integer> queues(Tx tx, List<NewRun> runs, Set<String> newTasks) {
    Set<String> names = new LinkedHashSet<>();
    newTasks.forEach(slug -> names.add(Task.ownQueue(slug)));
    for (NewRun run : runs) {
      if (run.queue() != null && run.lockToVersion() == null) {
        names.add(run.queue());
      }
    }
    return names.isEmpty() ? Map.of() : queues.findOrInsert(tx, names);
  }

  private Map<Lane, Long> findOrCreate(Tx tx, List<Lane> lanes) {
    Map<Lane, Long> ids = new HashMap<>();
    Set<Lane> unknown = new LinkedHashSet<>();
    for (Lane lane : lanes) {
      Long id = laneIds.get(new Key(tx.environmentId(), lane));
      if (id == null) {
        unknown.add(lane);
      } else {
        ids.put(lane, id);
      }
    }
    if (!unknown.isEmpty()) {
      ids.putAll(laneStore.ids(tx, unknown));
    }
    return ids;
  }
}

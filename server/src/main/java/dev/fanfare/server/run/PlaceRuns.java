package dev.fanfare.server.run;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.Lane;
import dev.fanfare.server.queue.QueueStore;
import dev.fanfare.server.task.Task;
import dev.fanfare.server.task.TaskStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds the lane of each new run, and makes task, queue and lane when this is their first mention.
 *
 * <p>A transaction of its own before the runs': a lane without runs is harmless, and so no trigger
 * waits for another one's commit because both mention a new task.
 */
public final class PlaceRuns {
  private static final int LANES_REMEMBERED_MAX = 100_000;

  private final Database database;
  private final TaskStore tasks = new TaskStore();
  private final QueueStore queues = new QueueStore();

  /** Lanes never change their number, so what was found once is true for ever. */
  private final Map<Key, Integer> known = new ConcurrentHashMap<>();

  private record Key(int environmentId, Lane lane) {}

  public PlaceRuns(Database database) {
    this.database = database;
  }

  /** The queue of a task that names none. */
  public static String ownQueue(String task) {
    return "task/" + task;
  }

  /**
   * Places every run, in order: two round trips when all is known, up to thirteen when every task,
   * queue and lane is new, however many runs there are, and one more when any is locked to a
   * version.
   *
   * @param refused what becomes of a run that cannot be locked as it asks
   */
  public List<PlacedRun> place(int environmentId, List<NewRun> runs, Refused refused) {
    Placement placement = database.transaction(tx -> place(tx, environmentId, runs, refused));
    // Only now: a lane made in a transaction that rolled back would have been a lie.
    if (known.size() > LANES_REMEMBERED_MAX) {
      known.clear();
    }
    placement.lanes().forEach((lane, id) -> known.put(new Key(environmentId, lane), id));
    return placement.runs();
  }

  private record Placement(List<PlacedRun> runs, Map<Lane, Integer> lanes) {}

  private Placement place(Tx tx, int environmentId, List<NewRun> asked, Refused refused) {
    LockedRuns locked = LockedRuns.of(tx, environmentId, asked);
    List<NewRun> runs = new ArrayList<>(asked.size());
    for (NewRun run : asked) {
      String why = locked.refusal(run);
      runs.add(why == null ? run : refused.instead(run, runs.size(), why));
    }
    Map<String, Task> taskBySlug = tasks(tx, environmentId, runs);
    Map<String, Integer> queueByName = namedQueues(tx, environmentId, runs);
    List<Lane> lanes = new ArrayList<>(runs.size());
    for (NewRun run : runs) {
      Task task = Objects.requireNonNull(taskBySlug.get(run.task()));
      int queueId =
          run.lockToVersion() != null
              ? locked.queueId(run)
              : run.queue() == null
                  ? task.queueId()
                  : Objects.requireNonNull(queueByName.get(run.queue()));
      lanes.add(new Lane(queueId, run.concurrencyKey(), task.id(), locked.versionId(run)));
    }
    Map<Lane, Integer> laneIds = laneIds(tx, environmentId, lanes);
    List<PlacedRun> placed = new ArrayList<>(runs.size());
    for (int i = 0; i < runs.size(); i++) {
      NewRun run = runs.get(i);
      Task task = Objects.requireNonNull(taskBySlug.get(run.task()));
      int laneId = Objects.requireNonNull(laneIds.get(lanes.get(i)));
      placed.add(new PlacedRun(run, task.id(), laneId, task.ttl()));
    }
    return new Placement(placed, laneIds);
  }

  private Map<String, Task> tasks(Tx tx, int environmentId, List<NewRun> runs) {
    Set<String> slugs = new LinkedHashSet<>();
    runs.forEach(run -> slugs.add(run.task()));
    Map<String, Task> found = new HashMap<>();
    tasks.find(tx, environmentId, slugs).forEach(task -> found.put(task.slug(), task));
    if (found.size() < slugs.size()) {
      List<String> missing = slugs.stream().filter(slug -> !found.containsKey(slug)).toList();
      Map<String, Integer> own =
          queues.findOrInsert(
              tx, environmentId, missing.stream().map(PlaceRuns::ownQueue).toList());
      tasks.insertMissing(
          tx,
          environmentId,
          missing.toArray(String[]::new),
          missing.stream()
              .mapToInt(slug -> Objects.requireNonNull(own.get(ownQueue(slug))))
              .toArray());
      tasks.find(tx, environmentId, missing).forEach(task -> found.put(task.slug(), task));
    }
    return found;
  }

  private Map<String, Integer> namedQueues(Tx tx, int environmentId, List<NewRun> runs) {
    Set<String> names = new LinkedHashSet<>();
    for (NewRun run : runs) {
      if (run.queue() != null && run.lockToVersion() == null) {
        names.add(run.queue());
      }
    }
    return names.isEmpty() ? Map.of() : queues.findOrInsert(tx, environmentId, names);
  }

  private Map<Lane, Integer> laneIds(Tx tx, int environmentId, List<Lane> lanes) {
    Map<Lane, Integer> ids = new HashMap<>();
    Set<Lane> unknown = new LinkedHashSet<>();
    for (Lane lane : lanes) {
      Integer id = known.get(new Key(environmentId, lane));
      if (id == null) {
        unknown.add(lane);
      } else {
        ids.put(lane, id);
      }
    }
    if (!unknown.isEmpty()) {
      ids.putAll(queues.lanes(tx, environmentId, unknown));
    }
    return ids;
  }
}

package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** SQL of {@code queues} and {@code lanes}. */
public final class QueueStore {

  private record Named(String name, int id) {}

  /** The numbers of these queues, made when they are new: a queue exists from its first mention. */
  public Map<String, Integer> findOrInsert(Tx tx, int environmentId, Collection<String> names) {
    String[] sought = names.toArray(String[]::new);
    Map<String, Integer> ids = new HashMap<>();
    find(tx, environmentId, sought).forEach(queue -> ids.put(queue.name(), queue.id()));
    if (ids.size() < names.size()) {
      tx.update(
          """
          insert into queues (environment_id, name)
          select ?, q.name
            from unnest(?::text[]) as q (name)
           order by q.name
              on conflict do nothing
          """,
          environmentId,
          sought);
      find(tx, environmentId, sought).forEach(queue -> ids.put(queue.name(), queue.id()));
    }
    return ids;
  }

  private static List<Named> find(Tx tx, int environmentId, String[] names) {
    return tx.list(
        """
        select name, queue_id
          from queues
         where environment_id = ?
           and name = any (?)
        """,
        r -> new Named(r.text("name"), r.integer("queue_id")),
        environmentId,
        names);
  }

  /** A worker declares a queue: the last word wins, and no limit is a word too. */
  public int register(Tx tx, int environmentId, String name, @Nullable Integer concurrencyLimit) {
    return Objects.requireNonNull(
        tx.first(
            """
            insert into queues (environment_id, name, concurrency_limit)
            values (?, ?, ?::int)
                on conflict (environment_id, name) do update
               set concurrency_limit = excluded.concurrency_limit
            returning queue_id
            """,
            r -> r.integer("queue_id"),
            environmentId,
            name,
            concurrencyLimit));
  }

  private record Numbered(Lane lane, int id) {}

  /** The numbers of these lanes, made when they are new. A lane's number never changes. */
  public Map<Lane, Integer> lanes(Tx tx, int environmentId, Collection<Lane> lanes) {
    Map<Lane, Integer> ids = findLanes(tx, environmentId, lanes);
    if (ids.size() < lanes.size()) {
      tx.update(
          """
          insert into lanes (environment_id, queue_id, concurrency_key, task_id, version_id)
          select ?, l.queue_id, l.concurrency_key, l.task_id, l.version_id
            from unnest(?::int[], ?::text[], ?::int[], ?::int[])
                 as l (queue_id, concurrency_key, task_id, version_id)
           order by l.queue_id, l.concurrency_key, l.task_id, l.version_id
              on conflict do nothing
          """,
          environmentId,
          queueIds(lanes),
          concurrencyKeys(lanes),
          taskIds(lanes),
          versionIds(lanes));
      ids = findLanes(tx, environmentId, lanes);
    }
    return ids;
  }

  private static Map<Lane, Integer> findLanes(Tx tx, int environmentId, Collection<Lane> lanes) {
    Map<Lane, Integer> ids = new HashMap<>();
    tx.list(
            """
            select l.queue_id, l.concurrency_key, l.task_id, l.version_id, l.lane_id
              from lanes l
              join unnest(?::int[], ?::text[], ?::int[], ?::int[])
                   as s (queue_id, concurrency_key, task_id, version_id)
             using (queue_id, concurrency_key, task_id, version_id)
             where l.environment_id = ?
            """,
            r ->
                new Numbered(
                    new Lane(
                        r.integer("queue_id"),
                        r.text("concurrency_key"),
                        r.integer("task_id"),
                        r.integer("version_id")),
                    r.integer("lane_id")),
            queueIds(lanes),
            concurrencyKeys(lanes),
            taskIds(lanes),
            versionIds(lanes),
            environmentId)
        .forEach(found -> ids.put(found.lane(), found.id()));
    return ids;
  }

  private static int[] queueIds(Collection<Lane> lanes) {
    return lanes.stream().mapToInt(Lane::queueId).toArray();
  }

  private static String[] concurrencyKeys(Collection<Lane> lanes) {
    return lanes.stream().map(Lane::concurrencyKey).toArray(String[]::new);
  }

  private static int[] taskIds(Collection<Lane> lanes) {
    return lanes.stream().mapToInt(Lane::taskId).toArray();
  }

  private static int[] versionIds(Collection<Lane> lanes) {
    return lanes.stream().mapToInt(Lane::versionId).toArray();
  }
}

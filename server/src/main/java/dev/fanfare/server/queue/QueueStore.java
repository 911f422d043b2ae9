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

  /** Returns the ids of queues by name. Inserts missing ones: the first mention creates a queue. */
  public Map<String, Integer> findOrInsert(Tx tx, Collection<String> names) {
    String[] wanted = names.toArray(String[]::new);
    Map<String, Integer> ids = new HashMap<>();
    find(tx, wanted).forEach(queue -> ids.put(queue.name(), queue.id()));
    if (ids.size() < names.size()) {
      tx.sql(
              """
              insert into queues (environment_id, name)
              select :environment, q.name
                from unnest(:names::text[]) as q (name)
               order by q.name
                  on conflict do nothing
              """)
          .bind("names", wanted)
          .update();
      find(tx, wanted).forEach(queue -> ids.put(queue.name(), queue.id()));
    }
    return ids;
  }

  private static List<Named> find(Tx tx, String[] names) {
    return tx.sql(
            """
            select name, queue_id
              from queues
             where environment_id = :environment
               and name = any (:names)
            """)
        .bind("names", names)
        .list(r -> new Named(r.text("name"), r.integer("queue_id")));
  }

  /**
   * Stores a queue as a worker declares it, and returns its id. The latest declaration wins;
   * omitting the limit removes it.
   */
  public int declare(Tx tx, String name, @Nullable Integer concurrencyLimit) {
    return Objects.requireNonNull(
        tx.sql(
                """
                insert into queues (environment_id, name, concurrency_limit)
                values (:environment, :name, :concurrency_limit::int)
                    on conflict (environment_id, name) do update
                   set concurrency_limit = excluded.concurrency_limit
                returning queue_id
                """)
            .bind("name", name)
            .bind("concurrency_limit", concurrencyLimit)
            .first(r -> r.integer("queue_id")));
  }

  private record Numbered(Lane lane, int id) {}

  /** Returns the ids of lanes. Inserts missing ones. The id of a lane never changes. */
  public Map<Lane, Integer> lanes(Tx tx, Collection<Lane> lanes) {
    Map<Lane, Integer> ids = findLanes(tx, lanes);
    if (ids.size() < lanes.size()) {
      tx.sql(
              """
              insert into lanes (environment_id, queue_id, concurrency_key, task_id, version_id)
              select :environment, l.queue_id, l.concurrency_key, l.task_id, l.version_id
                from unnest(:queue_ids::int[], :concurrency_keys::text[],
                            :task_ids::int[], :version_ids::int[])
                     as l (queue_id, concurrency_key, task_id, version_id)
               order by l.queue_id, l.concurrency_key, l.task_id, l.version_id
                  on conflict do nothing
              """)
          .ints("queue_ids", lanes, Lane::queueId)
          .texts("concurrency_keys", lanes, Lane::concurrencyKey)
          .ints("task_ids", lanes, Lane::taskId)
          .ints("version_ids", lanes, Lane::versionId)
          .update();
      ids = findLanes(tx, lanes);
    }
    return ids;
  }

  private static Map<Lane, Integer> findLanes(Tx tx, Collection<Lane> lanes) {
    Map<Lane, Integer> ids = new HashMap<>();
    tx.sql(
            """
            select l.queue_id, l.concurrency_key, l.task_id, l.version_id, l.lane_id
              from lanes l
              join unnest(:queue_ids::int[], :concurrency_keys::text[],
                          :task_ids::int[], :version_ids::int[])
                   as s (queue_id, concurrency_key, task_id, version_id)
             using (queue_id, concurrency_key, task_id, version_id)
             where l.environment_id = :environment
            """)
        .ints("queue_ids", lanes, Lane::queueId)
        .texts("concurrency_keys", lanes, Lane::concurrencyKey)
        .ints("task_ids", lanes, Lane::taskId)
        .ints("version_ids", lanes, Lane::versionId)
        .list(r ->
            new Numbered(
                new Lane(
                    r.integer("queue_id"),
                    r.text("concurrency_key"),
                    r.integer("task_id"),
                    r.integer("version_id")),
                r.integer("lane_id")))
        .forEach(found -> ids.put(found.lane(), found.id()));
    return ids;
  }
}

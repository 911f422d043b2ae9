package dev.fanfare.server.queue;

import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Tx;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** SQL of {@code queues}. */
public final class QueueStore {

  private record Named(String name, int id) {}

  /** Returns the ids of queues by name. Inserts missing ones: the first mention creates a queue. */
  public Map<String, Integer> findOrInsert(Tx tx, Collection<String> names) {
    String[] wanted = names.toArray(String[]::new);
    Map<String, Integer> ids = new HashMap<>();
    find(tx, wanted).forEach(queue -> ids.put(queue.name(), queue.id()));
    String[] missing = names.stream().filter(name -> !ids.containsKey(name)).toArray(String[]::new);
    if (missing.length > 0) { // only these, because each inserted row uses up an id
      tx.sql(
              """
              insert into queues (environment_id, name)
              select :environment, q.name
                from unnest(:names::text[]) as q (name)
               order by q.name
                  on conflict do nothing
              """)
          .bind("names", missing)
          .update();
      find(tx, missing).forEach(queue -> ids.put(queue.name(), queue.id()));
    }
    return complete(ids, names);
  }

  /** Checks that queues were found; one that was just retired begins the transaction again. */
  private static Map<String, Integer> complete(Map<String, Integer> ids, Collection<String> names) {
    if (ids.size() < Set.copyOf(names).size()) {
      throw DatabaseException.conflict("A queue was retired");
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
   * Stores queues as a worker declares them, and returns their ids by name. The latest declaration
   * wins; omitting the limit removes it. Stored rows without a change are not written again, so
   * that many workers that declare the same do not wait for each other.
   *
   * @param limits the concurrency limits by name; null: no limit
   */
  public Map<String, Integer> declare(Tx tx, Map<String, @Nullable Integer> limits) {
    tx.sql(
            """
            with declared as materialized (
              select *
                from unnest(:names::text[], :limits::int[]) as q (name, concurrency_limit)
               order by name                       -- one order for all prevents deadlocks
            ), changed as (
              update queues q
                 set concurrency_limit = d.concurrency_limit
                from (select d.concurrency_limit, s.queue_id
                        from declared d
                       cross join lateral (
                               select x.queue_id
                                 from queues x
                                where x.environment_id = :environment
                                  and x.name = d.name
                                  and x.concurrency_limit is distinct from d.concurrency_limit
                                limit 1
                                  for no key update) as s) as d
               where q.environment_id = :environment
                 and q.queue_id = d.queue_id
              returning q.queue_id
            )
            insert into queues (environment_id, name, concurrency_limit)
            select :environment, d.name, d.concurrency_limit
              from declared d
             where not exists (select              -- because each inserted row uses up an id
                                 from queues x
                                where x.environment_id = :environment
                                  and x.name = d.name)
               and (select count(*) from changed) >= 0 -- first changes, then inserts
             order by d.name
                on conflict (environment_id, name) do update
               set concurrency_limit = excluded.concurrency_limit
            """)
        .texts("names", limits.keySet())
        .intsOrNull("limits", limits.keySet(), limits::get)
        .update();
    Map<String, Integer> ids = new HashMap<>();
    find(tx, limits.keySet().toArray(String[]::new))
        .forEach(queue -> ids.put(queue.name(), queue.id()));
    return complete(ids, limits.keySet());
  }
}

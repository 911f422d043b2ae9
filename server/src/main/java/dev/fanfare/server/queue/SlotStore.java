package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import java.util.Map;
import java.util.TreeMap;

/**
 * SQL of {@code slots}: for each limited queue and concurrency key, a counter of the slots in use.
 * A claim locks a counter and adds what it takes; ending leases subtracts; a sweep recounts under
 * the same lock, which corrects wrong counters.
 */
public final class SlotStore {

  /**
   * Frees slots. Counters are locked in the order of their keys, which prevents deadlocks. Lanes of
   * queues without a limit have no counter and cost nothing.
   *
   * @param countByLane the number of slots to free, by lane
   * @return whether a limited queue may have free slots now
   */
  public boolean free(Tx tx, Map<Integer, Integer> countByLane) {
    Map<Integer, Integer> ordered = new TreeMap<>(countByLane);
    return tx.sql(
                """
                with freed as materialized (
                  select s.queue_id, s.concurrency_key, f.n
                    from (select l.queue_id, l.concurrency_key, sum(u.n)::int as n
                            from unnest(:lane_ids::int[], :counts::int[]) as u (lane_id, n)
                            join lanes l on l.environment_id = :environment
                                        and l.lane_id = u.lane_id
                           group by l.queue_id, l.concurrency_key) as f
                    join slots s on s.environment_id = :environment
                                and s.queue_id = f.queue_id
                                and s.concurrency_key = f.concurrency_key
                   order by s.queue_id, s.concurrency_key
                     for update of s
                )
                update slots s
                   set in_use = greatest(0, s.in_use - f.n)
                  from freed f
                 where s.environment_id = :environment
                   and s.queue_id = f.queue_id
                   and s.concurrency_key = f.concurrency_key
                """)
            .ints("lane_ids", ordered.keySet())
            .ints("counts", ordered.values())
            .update()
        > 0;
  }

  /** Deletes the counters of those queues that have no limit; their slots are not counted. */
  public void deleteUnlimited(Tx tx, int[] queueIds) {
    tx.sql(
            """
            delete from slots
             where environment_id = :environment
               and queue_id = any (array(select q.queue_id
                                           from queues q
                                          where q.environment_id = :environment
                                            and q.queue_id = any (:queue_ids)
                                            and q.concurrency_limit is null))
            """)
        .bind("queue_ids", queueIds)
        .update();
  }

  /**
   * Deletes the counters at 0, because concurrency keys are unbounded. The next claim inserts a
   * missing counter.
   */
  public void deleteIdle(Tx tx) {
    tx.sql(
            """
            delete from slots
             where environment_id = :environment
               and in_use = 0
            """)
        .update();
  }

  /** Locks all counters of an environment. Waits for transactions that have locked some. */
  public void lockAll(Tx tx) {
    tx.sql(
            """
            select queue_id
              from slots
             where environment_id = :environment
             order by queue_id, concurrency_key
               for update
            """)
        .list(r -> r.integer("queue_id"));
  }
}

package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import java.util.Map;
import java.util.TreeMap;

/**
 * SQL of {@code slots}: how many runs of a limited queue hold a slot. A claim locks a queue's row,
 * takes and adds; an ending subtracts; the sweep counts again under the same lock, so that a
 * counter that came late or went wrong heals.
 */
public final class SlotStore {

  /**
   * Gives back slots: how many for each lane. Rows are taken in one order, so that two endings
   * never wait for each other in a ring; lanes of queues without a limit have no row and cost
   * nothing.
   *
   * @return whether a limited queue got room
   */
  public boolean free(Tx tx, Map<Integer, Integer> countByLane) {
    Map<Integer, Integer> ordered = new TreeMap<>(countByLane);
    return tx.sql(
                """
                with freed as materialized (
                  select s.queue_id, s.concurrency_key, f.n
                    from (select l.queue_id, l.concurrency_key, sum(u.n)::int as n
                            from unnest(:lane_ids::int[], :counts::int[]) as u (lane_id, n)
                            join lanes l on l.environment_id = :environment and l.lane_id = u.lane_id
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

  /** Forgets the counters of queues that have no limit: while there is none, nobody counts. */
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
   * Forgets the counters of what nobody uses, so that there are as many as are used and not as many
   * as there ever were concurrency keys. The next claim makes one anew.
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

  /** Locks every counter of an environment; waits for claims and endings that hold some. */
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

package dev.fanfare.server.queue;

import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Tx;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * SQL of {@code slots}: for each limited queue and concurrency key, a counter of the slots in use.
 * A claim locks a counter and adds what it takes; ending leases subtracts; a sweep corrects wrong
 * counters under the same lock.
 */
public final class SlotStore {
  /** More tasks than a signal names. */
  private static final int LANES_TOLD_MAX = 200;

  /**
   * Frees slots, later. Counters are locked in the order of their keys, which prevents deadlocks.
   * Lanes of queues without a limit have no counter and cost nothing.
   *
   * @param countByLane the number of slots to free, by lane
   * @return the tasks of lanes that may have free slots now because of it
   */
  public Later<List<Integer>> free(Tx tx, Map<Long, Integer> countByLane) {
    Map<Long, Integer> ordered = new TreeMap<>(countByLane);
    return tx.sql(
            """
            with freed as materialized (
              select f.queue_id, f.concurrency_key, f.n
                from (select l.queue_id, l.concurrency_key, sum(u.n)::int as n
                        from unnest(:lane_ids::int8[], :counts::int[]) as u (lane_id, n)
                       cross join lateral (
                               select x.queue_id, x.concurrency_key
                                 from lanes x
                                where x.environment_id = :environment
                                  and x.lane_id = u.lane_id
                                limit 1) as l
                       group by l.queue_id, l.concurrency_key
                       order by l.queue_id, l.concurrency_key) as f -- locked in this order
               cross join lateral (
                       select x.in_use
                         from slots x
                        where x.environment_id = :environment
                          and x.queue_id = f.queue_id
                          and x.concurrency_key = f.concurrency_key
                        limit 1
                          for update) as s
            ), updated as (
              update slots s
                 set in_use = greatest(0, s.in_use - f.n)
                from freed f
               where s.environment_id = :environment
                 and s.queue_id = f.queue_id
                 and s.concurrency_key = f.concurrency_key
                 and s.queue_id = any (array(select queue_id from freed))
                 and s.concurrency_key = any (array(select concurrency_key from freed))
              returning s.queue_id, s.concurrency_key
            )
            select distinct l.task_id
              from updated u
             cross join lateral (
                     select x.task_id
                       from lanes x
                      where x.environment_id = :environment
                        and x.queue_id = u.queue_id
                        and x.concurrency_key = u.concurrency_key
                      limit :lanes_max) as l
            """)
        .longs("lane_ids", ordered.keySet(), Long::longValue)
        .ints("counts", ordered.values())
        .bind("lanes_max", LANES_TOLD_MAX)
        .listLater(r -> r.integer("task_id"));
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

  /** A limited queue, and a concurrency key; empty: none. */
  public record Counter(int queueId, String concurrencyKey) {}

  /**
   * Locks those of these counters that nobody else has locked, and returns them. Others are locked
   * by claims and reports, which would wait, too.
   */
  public List<Counter> lock(Tx tx, List<Counter> counters) {
    return tx.sql(
            """
            select s.queue_id, s.concurrency_key
              from unnest(:queue_ids::int[], :concurrency_keys::text[])
                   as c (queue_id, concurrency_key)
             cross join lateral (
                     select x.queue_id, x.concurrency_key
                       from slots x
                      where x.environment_id = :environment
                        and x.queue_id = c.queue_id
                        and x.concurrency_key = c.concurrency_key
                      limit 1
                        for update skip locked) as s
            """)
        .ints("queue_ids", counters, Counter::queueId)
        .texts("concurrency_keys", counters, Counter::concurrencyKey)
        .list(r -> new Counter(r.integer("queue_id"), r.text("concurrency_key")));
  }

  /** Sets counters, which the caller has locked. */
  public void set(Tx tx, Map<Counter, Integer> inUse) {
    tx.sql(
            """
            update slots s
               set in_use = c.n
              from unnest(:queue_ids::int[], :concurrency_keys::text[], :counts::int[])
                   as c (queue_id, concurrency_key, n)
             where s.environment_id = :environment
               and s.queue_id = c.queue_id
               and s.concurrency_key = c.concurrency_key
            """)
        .ints("queue_ids", inUse.keySet(), Counter::queueId)
        .texts("concurrency_keys", inUse.keySet(), Counter::concurrencyKey)
        .ints("counts", inUse.values())
        .update();
  }

  /**
   * Deletes those of these counters that are at 0 and that nobody else has locked, because
   * concurrency keys are unbounded. The next claim inserts a missing counter.
   */
  public void deleteIdle(Tx tx, List<Counter> counters) {
    tx.sql(
            """
            delete from slots
             where environment_id is not distinct from :environment -- not for an index
               and ctid = any (array(
                     select s.address
                       from unnest(:queue_ids::int[], :concurrency_keys::text[])
                            as c (queue_id, concurrency_key)
                      cross join lateral (
                              select x.ctid as address
                                from slots x
                               where x.environment_id = :environment
                                 and x.queue_id = c.queue_id
                                 and x.concurrency_key = c.concurrency_key
                                 and x.in_use = 0
                               limit 1
                                 for update skip locked) as s))
            """)
        .ints("queue_ids", counters, Counter::queueId)
        .texts("concurrency_keys", counters, Counter::concurrencyKey)
        .update();
  }
}

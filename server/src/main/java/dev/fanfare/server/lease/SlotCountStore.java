package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.SlotStore.Counter;
import java.util.List;

/** SQL that counts leases for the slot counters of queues. */
final class SlotCountStore {
  /** The environments with slot counters. */
  static final String DUE =
      """
      select e.environment_id, now() as at
        from environments e
       cross join lateral (
               select true as found
                 from slots x
                where x.environment_id = e.environment_id
                limit 1) as d
      """;

  /**
   * Inserts, later, the missing slot counters of those lanes whose queues have a limit. A counter
   * starts at the number of leases, because a queue can get its limit while runs of it are leased.
   * The order prevents deadlocks between claims.
   */
  void insertMissingSlots(Tx tx, long[] laneIds) {
    tx.sql(
            """
            with missing as materialized (
              select distinct l.environment_id, l.queue_id, l.concurrency_key
                from unnest(:lane_ids::int8[]) as a (lane_id)
               cross join lateral (
                       select x.environment_id, x.queue_id, x.concurrency_key
                         from lanes x
                        where x.environment_id = :environment
                          and x.lane_id = a.lane_id
                        limit 1) as l
               cross join lateral (
                       select x.concurrency_limit
                         from queues x
                        where x.environment_id = :environment
                          and x.queue_id = l.queue_id
                        limit 1) as q
                left join lateral (
                       select true as found
                         from slots x
                        where x.environment_id = :environment
                          and x.queue_id = l.queue_id
                          and x.concurrency_key = l.concurrency_key
                        limit 1) as s on true
               where q.concurrency_limit is not null
                 and s.found is null
            ), leased as materialized (
              select l.queue_id, l.concurrency_key, count(*)::int as n
                from leases e
                join lanes l using (environment_id, lane_id)
               where e.environment_id = :environment
               group by l.queue_id, l.concurrency_key
            )
            insert into slots (environment_id, queue_id, concurrency_key, in_use)
            select m.environment_id, m.queue_id, m.concurrency_key, coalesce(e.n, 0)
              from missing m
              left join leased e using (queue_id, concurrency_key)
             order by m.queue_id, m.concurrency_key
                on conflict do nothing
            """)
        .bind("lane_ids", laneIds)
        .updateLater();
  }

  /**
   * A counter beside the leases that it should count.
   *
   * @param inUse the value of the counter
   * @param leased the number of leases
   */
  record Compared(Counter counter, int inUse, int leased) {}

  /**
   * Compares all counters with the leases, without locking any. Both are read at the same point in
   * time, and whoever changes one changes the other in the same transaction, so a difference is an
   * error of the counter. It is no join: a plan made for few counters would compare each with each.
   */
  List<Compared> compare(Tx tx) {
    return tx.sql(
            """
            with counted as materialized (
              select e.lane_id, count(*)::int as n
                from leases e
               where e.environment_id = :environment
               group by e.lane_id
            ), counts as (
              select s.queue_id, s.concurrency_key, s.in_use, 0 as leased, true as limited
                from slots s
               where s.environment_id = :environment
              union all
              select l.queue_id, l.concurrency_key, 0, c.n, false
                from counted c
               cross join lateral (
                       select x.queue_id, x.concurrency_key
                         from lanes x
                        where x.environment_id = :environment
                          and x.lane_id = c.lane_id
                        limit 1) as l
            )
            select queue_id, concurrency_key, sum(in_use)::int as in_use, sum(leased)::int as leased
              from counts
             group by queue_id, concurrency_key
            having bool_or(limited)
            """)
        .list(r ->
            new Compared(
                new Counter(r.integer("queue_id"), r.text("concurrency_key")),
                r.integer("in_use"),
                r.integer("leased")));
  }

  /** Takes a lock until the end of the transaction that one server has at a time; or does not. */
  boolean tryLock(Tx tx) {
    return Boolean.TRUE.equals(
        tx.sql(
                """
                select pg_try_advisory_xact_lock(hashtext('fanfare slots'), :environment) as locked
                """)
            .first(r -> r.flag("locked")));
  }
}

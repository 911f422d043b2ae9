package dev.fanfare.server.lease;

import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/**
 * SQL that changes and ends leases.
 *
 * <p>The claims of a report are looked up one by one, behind a limit that the planner cannot see
 * through. Left free to join, it would walk all leases for each report: the plan it makes while the
 * table is nearly empty, which is when most plans are made. They are locked in the order of their
 * runs, so that two reports of a session at once do not wait for each other in a ring.
 */
final class LeaseStore {

  /** Notes that attempts started; returns the claims that are held. */
  List<AttemptRef> start(Tx tx, UUID sessionId, List<AttemptRef> asked) {
    List<AttemptRef> started = inOrder(asked);
    return tx.sql(
            """
            update leases l
               set attempt          = (:attempts::int[])[array_position(:run_ids::uuid[], l.run_id)],
                   started_at       = case when l.started_at is not null
                                            and l.attempt = (:attempts::int[])[array_position(:run_ids::uuid[], l.run_id)]
                                           then l.started_at else now() end,
                   first_started_at = coalesce(l.first_started_at, now())
             where l.environment_id = :environment
               and l.run_id = any (array(
                     select h.run_id
                       from unnest(:run_ids::uuid[], :fences::int[], :attempts::int[]) as c (run_id, fence, attempt)
                      cross join lateral (
                              select x.run_id
                                from leases x
                               where x.environment_id = :environment
                                 and x.session_id = :session_id
                                 and x.run_id = c.run_id
                                 and x.fence = c.fence
                                 and c.attempt in (x.attempt, x.attempt + 1)
                               limit 1
                                 for update) as h))
            returning l.run_id, l.fence, l.attempt
            """)
        .ints("attempts", started, AttemptRef::attempt)
        .uuids("run_ids", started, AttemptRef::runId)
        .ints("fences", started, AttemptRef::fence)
        .bind("session_id", sessionId)
        .list(r -> new AttemptRef(r.uuid("run_id"), r.integer("fence"), r.integer("attempt")));
  }

  /**
   * Ends leases and returns those that were held under exactly this session, fence and attempt: the
   * gate that every report passes. What is not returned was lost, and nothing of it was changed.
   */
  List<Lease> release(Tx tx, UUID sessionId, List<AttemptRef> asked) {
    List<AttemptRef> claims = inOrder(asked);
    return tx.sql(
            """
            delete from leases l
             where l.environment_id = :environment
               and l.run_id = any (array(
                     select h.run_id
                       from unnest(:run_ids::uuid[], :fences::int[], :attempts::int[]) as c (run_id, fence, attempt)
                      cross join lateral (
                              select x.run_id
                                from leases x
                               where x.environment_id = :environment
                                 and x.session_id = :session_id
                                 and x.run_id = c.run_id
                                 and x.fence = c.fence
                                 and c.attempt in (x.attempt, x.attempt + 1)
                               limit 1
                                 for update) as h))
            returning l.*
            """)
        .uuids("run_ids", claims, AttemptRef::runId)
        .ints("fences", claims, AttemptRef::fence)
        .ints("attempts", claims, AttemptRef::attempt)
        .bind("session_id", sessionId)
        .list(LeaseStore::lease);
  }

  /** Ends leases whatever their attempt, and returns those that were held. */
  List<Lease> handBack(Tx tx, UUID sessionId, List<AttemptRef> asked) {
    List<AttemptRef> claims = inOrder(asked);
    return tx.sql(
            """
            delete from leases l
             where l.environment_id = :environment
               and l.run_id = any (array(
                     select h.run_id
                       from unnest(:run_ids::uuid[], :fences::int[]) as c (run_id, fence)
                      cross join lateral (
                              select x.run_id
                                from leases x
                               where x.environment_id = :environment
                                 and x.session_id = :session_id
                                 and x.run_id = c.run_id
                                 and x.fence = c.fence
                               limit 1
                                 for update) as h))
            returning l.*
            """)
        .uuids("run_ids", claims, AttemptRef::runId)
        .ints("fences", claims, AttemptRef::fence)
        .bind("session_id", sessionId)
        .list(LeaseStore::lease);
  }

  /** The claims that are held, locked, with what decides on another attempt. */
  List<Lease.WithPolicy> lock(Tx tx, UUID sessionId, List<AttemptRef> asked) {
    List<AttemptRef> claims = inOrder(asked);
    return tx.sql(
            """
            select l.*,
                   coalesce(r.max_attempts, t.max_attempts) as max_attempts,
                   t.retry_min_ms, t.retry_max_ms, t.retry_factor, t.retry_randomize
              from unnest(:run_ids::uuid[], :fences::int[], :attempts::int[]) as c (run_id, fence, attempt)
             cross join lateral (
                     select x.*
                       from leases x
                      where x.environment_id = :environment
                        and x.session_id = :session_id
                        and x.run_id = c.run_id
                        and x.fence = c.fence
                        and c.attempt in (x.attempt, x.attempt + 1)
                      limit 1
                        for update) as l
             cross join lateral (
                     select x.task_id, x.max_attempts
                       from runs x
                      where x.environment_id = l.environment_id
                        and x.run_id = l.run_id
                      limit 1) as r
              join tasks t on t.environment_id = l.environment_id and t.task_id = r.task_id
            """)
        .uuids("run_ids", claims, AttemptRef::runId)
        .ints("fences", claims, AttemptRef::fence)
        .ints("attempts", claims, AttemptRef::attempt)
        .bind("session_id", sessionId)
        .list(LeaseStore::withPolicy);
  }

  /**
   * Takes up to {@code max} leases from sessions that lapsed or are gone, those that were claimed
   * before {@code startBefore} and never started, and those that were canceled before {@code
   * cancelBefore} and never confirmed. What another server is taking is left to it.
   */
  List<Lease> reclaim(Tx tx, Instant now, Instant startBefore, Instant cancelBefore, int max) {
    return tx.sql(
            """
            delete from leases
             where environment_id = :environment
               and run_id = any (array(
                     select l.run_id
                       from leases l
                      where l.environment_id = :environment
                        and ((l.started_at is null and l.claimed_at <= :start_before)
                             or l.canceled_at <= :cancel_before
                             or not exists (select
                                              from sessions s
                                             where s.environment_id = l.environment_id
                                               and s.session_id = l.session_id
                                               and s.expires_at > :now))
                      limit :max
                        for update skip locked))
            returning *
            """)
        .bind("start_before", startBefore)
        .bind("cancel_before", cancelBefore)
        .bind("now", now)
        .bind("max", max)
        .list(LeaseStore::lease);
  }

  /** Waits for whoever is changing the lease of a run, if there is one, and locks it. */
  void lock(Tx tx, UUID runId) {
    tx.sql(
            """
            select
              from leases
             where environment_id = :environment
               and run_id = :run_id
               for update
            """)
        .bind("run_id", runId)
        .first(r -> true);
  }

  /**
   * Marks held runs as canceled, and returns them. What a report is changing is passed over: it
   * locks leases in an order of its own, and might wait for others of these.
   */
  List<UUID> cancel(Tx tx, UUID[] runIds) {
    return tx.sql(
            """
            update leases
               set canceled_at = coalesce(canceled_at, now())
             where environment_id = :environment
               and run_id = any (array(
                     select run_id
                       from leases
                      where environment_id = :environment
                        and run_id = any (:run_ids)
                        for update skip locked))
            returning run_id
            """)
        .bind("run_ids", runIds)
        .list(r -> r.uuid("run_id"));
  }

  /**
   * What a session holds that was canceled, each told once. What somebody else has locked is being
   * told, ended or canceled again, and left for the next time: a report that waited here for one
   * lease while it holds others could wait in a ring.
   */
  List<LeaseRef> notifyCanceled(Tx tx, UUID sessionId) {
    return tx.sql(
            """
            update leases
               set cancel_told = true
             where environment_id = :environment
               and run_id = any (array(
                     select run_id
                       from leases
                      where environment_id = :environment
                        and session_id = :session_id
                        and canceled_at is not null
                        and not cancel_told
                        for update skip locked))
            returning run_id, fence
            """)
        .bind("session_id", sessionId)
        .list(r -> new LeaseRef(r.uuid("run_id"), r.integer("fence")));
  }

  /** Ends all that a session holds. */
  List<Lease> releaseAll(Tx tx, UUID sessionId) {
    return tx.sql(
            """
            delete from leases
             where environment_id = :environment
               and session_id = :session_id
            returning *
            """)
        .bind("session_id", sessionId)
        .list(LeaseStore::lease);
  }

  /**
   * Adds the counters that these lanes still lack, if their queues have a limit, counting what is
   * leased: a limit may come when runs are held. In one order, so that no two claims wait for each
   * other's rows in a ring.
   */
  void insertMissingSlots(Tx tx, int[] laneIds) {
    tx.sql(
            """
            with missing as materialized (
              select distinct l.environment_id, l.queue_id, l.concurrency_key
                from lanes l
                join queues q using (environment_id, queue_id)
               where l.environment_id = :environment
                 and l.lane_id = any (:lane_ids)
                 and q.concurrency_limit is not null
                 and not exists (select
                                   from slots s
                                  where s.environment_id = l.environment_id
                                    and s.queue_id = l.queue_id
                                    and s.concurrency_key = l.concurrency_key)
            ), held as materialized (
              select l.queue_id, l.concurrency_key, count(*)::int as n
                from leases e
                join lanes l using (environment_id, lane_id)
               where e.environment_id = :environment
               group by l.queue_id, l.concurrency_key
            )
            insert into slots (environment_id, queue_id, concurrency_key, in_use)
            select m.environment_id, m.queue_id, m.concurrency_key, coalesce(h.n, 0)
              from missing m
              left join held h using (queue_id, concurrency_key)
             order by m.queue_id, m.concurrency_key
                on conflict do nothing
            """)
        .bind("lane_ids", laneIds)
        .update();
  }

  /** Sets every counter of a limited queue to what is leased; the counters must be locked. */
  void recountSlots(Tx tx) {
    tx.sql(
            """
            update slots s
               set in_use = c.n
              from (select s.queue_id, s.concurrency_key, count(e.run_id)::int as n
                      from slots s
                      left join lanes l on l.environment_id = s.environment_id
                                       and l.queue_id = s.queue_id
                                       and l.concurrency_key = s.concurrency_key
                      left join leases e on e.environment_id = l.environment_id
                                        and e.lane_id = l.lane_id
                     where s.environment_id = :environment
                     group by s.queue_id, s.concurrency_key) as c
             where s.environment_id = :environment
               and s.queue_id = c.queue_id
               and s.concurrency_key = c.concurrency_key
               and s.in_use <> c.n
            """)
        .update();
  }

  private static List<AttemptRef> inOrder(List<AttemptRef> claims) {
    return claims.stream().sorted(Comparator.comparing(AttemptRef::runId)).toList();
  }

  private static Lease lease(Row r) throws SQLException {
    return new Lease(
        r.uuid("run_id"),
        r.integer("fence"),
        r.integer("lane_id"),
        r.bigint("rank"),
        r.integer("attempt"),
        r.integer("losses"),
        r.instantOrNull("started_at"),
        r.instantOrNull("first_started_at"),
        r.uuidOrNull("batch_id"),
        r.integer("version_id"),
        r.instantOrNull("canceled_at") != null);
  }

  private static Lease.WithPolicy withPolicy(Row r) throws SQLException {
    int maxAttempts = r.integer("max_attempts");
    return new Lease.WithPolicy(
        lease(r),
        maxAttempts,
        new RetryPolicy(
            maxAttempts,
            r.bigint("retry_min_ms"),
            r.bigint("retry_max_ms"),
            r.real("retry_factor"),
            r.flag("retry_randomize")));
  }
}

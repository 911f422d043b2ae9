package dev.fanfare.server.lease;

import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.Lease.Hold;
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

  /** One claim as a report names it, with the attempt it speaks of. */
  record Claimed(UUID runId, int fence, int attempt) {
    static Claimed of(AttemptReport.Finished finished) {
      return new Claimed(finished.runId(), finished.fence(), finished.attempt());
    }
  }

  /** Notes that attempts started; returns the claims that are held. */
  List<Claimed> start(Tx tx, int environmentId, UUID sessionId, List<Claimed> asked) {
    List<Claimed> started = inOrder(asked);
    return tx.list(
        """
        update leases l
           set attempt          = (?::int[])[array_position(?::uuid[], l.run_id)],
               started_at       = case when l.started_at is not null
                                        and l.attempt = (?::int[])[array_position(?::uuid[], l.run_id)]
                                       then l.started_at else now() end,
               first_started_at = coalesce(l.first_started_at, now())
         where l.environment_id = ?
           and l.run_id = any (array(
                 select h.run_id
                   from unnest(?::uuid[], ?::int[], ?::int[]) as c (run_id, fence, attempt)
                  cross join lateral (
                          select x.run_id
                            from leases x
                           where x.environment_id = ?
                             and x.session_id = ?
                             and x.run_id = c.run_id
                             and x.fence = c.fence
                             and c.attempt in (x.attempt, x.attempt + 1)
                           limit 1
                             for update) as h))
        returning l.run_id, l.fence, l.attempt
        """,
        r -> new Claimed(r.uuid("run_id"), r.integer("fence"), r.integer("attempt")),
        attempts(started),
        runIds(started),
        attempts(started),
        runIds(started),
        environmentId,
        runIds(started),
        fences(started),
        attempts(started),
        environmentId,
        sessionId);
  }

  /**
   * Ends leases and returns those that were held under exactly this session, fence and attempt: the
   * gate that every report passes. What is not returned was lost, and nothing of it was changed.
   */
  List<Lease> release(Tx tx, int environmentId, UUID sessionId, List<Claimed> asked) {
    List<Claimed> claims = inOrder(asked);
    return tx.list(
        """
        delete from leases l
         where l.environment_id = ?
           and l.run_id = any (array(
                 select h.run_id
                   from unnest(?::uuid[], ?::int[], ?::int[]) as c (run_id, fence, attempt)
                  cross join lateral (
                          select x.run_id
                            from leases x
                           where x.environment_id = ?
                             and x.session_id = ?
                             and x.run_id = c.run_id
                             and x.fence = c.fence
                             and c.attempt in (x.attempt, x.attempt + 1)
                           limit 1
                             for update) as h))
        returning l.run_id, l.fence, l.lane_id, l.rank, l.attempt, l.losses, l.started_at,
                  l.first_started_at, l.batch_id, l.version_id,
                  l.canceled_at is not null as canceled
        """,
        LeaseStore::lease,
        environmentId,
        runIds(claims),
        fences(claims),
        attempts(claims),
        environmentId,
        sessionId);
  }

  /** Ends leases whatever their attempt, and returns those that were held. */
  List<Lease> handBack(Tx tx, int environmentId, UUID sessionId, List<Claimed> asked) {
    List<Claimed> claims = inOrder(asked);
    return tx.list(
        """
        delete from leases l
         where l.environment_id = ?
           and l.run_id = any (array(
                 select h.run_id
                   from unnest(?::uuid[], ?::int[]) as c (run_id, fence)
                  cross join lateral (
                          select x.run_id
                            from leases x
                           where x.environment_id = ?
                             and x.session_id = ?
                             and x.run_id = c.run_id
                             and x.fence = c.fence
                           limit 1
                             for update) as h))
        returning l.run_id, l.fence, l.lane_id, l.rank, l.attempt, l.losses, l.started_at,
                  l.first_started_at, l.batch_id, l.version_id,
                  l.canceled_at is not null as canceled
        """,
        LeaseStore::lease,
        environmentId,
        runIds(claims),
        fences(claims),
        environmentId,
        sessionId);
  }

  /** The claims that are held, locked, with what decides on another attempt. */
  List<Lease.WithPolicy> lock(Tx tx, int environmentId, UUID sessionId, List<Claimed> asked) {
    List<Claimed> claims = inOrder(asked);
    return tx.list(
        """
        select l.run_id, l.fence, l.lane_id, l.rank, l.attempt, l.losses, l.started_at,
               l.first_started_at, l.batch_id, l.version_id, l.canceled_at is not null as canceled,
               coalesce(r.max_attempts, t.max_attempts) as max_attempts,
               t.retry_min_ms, t.retry_max_ms, t.retry_factor, t.retry_randomize
          from unnest(?::uuid[], ?::int[], ?::int[]) as c (run_id, fence, attempt)
         cross join lateral (
                 select x.*
                   from leases x
                  where x.environment_id = ?
                    and x.session_id = ?
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
        """,
        LeaseStore::withPolicy,
        runIds(claims),
        fences(claims),
        attempts(claims),
        environmentId,
        sessionId);
  }

  /**
   * Takes up to {@code max} leases from sessions that lapsed or are gone, those that were claimed
   * before {@code startBefore} and never started, and those that were canceled before {@code
   * cancelBefore} and never confirmed. What another server is taking is left to it.
   */
  List<Lease> reclaim(
      Tx tx, int environmentId, Instant now, Instant startBefore, Instant cancelBefore, int max) {
    return tx.list(
        """
        delete from leases
         where environment_id = ?
           and run_id = any (array(
                 select l.run_id
                   from leases l
                  where l.environment_id = ?
                    and ((l.started_at is null and l.claimed_at <= ?)
                         or l.canceled_at <= ?
                         or not exists (select
                                          from sessions s
                                         where s.environment_id = l.environment_id
                                           and s.session_id = l.session_id
                                           and s.expires_at > ?))
                  limit ?
                    for update skip locked))
        returning run_id, fence, lane_id, rank, attempt, losses, started_at, first_started_at,
                  batch_id, version_id, canceled_at is not null as canceled
        """,
        LeaseStore::lease,
        environmentId,
        environmentId,
        startBefore,
        cancelBefore,
        now,
        max);
  }

  /** Waits for whoever is changing the lease of a run, if there is one, and locks it. */
  void lock(Tx tx, int environmentId, UUID runId) {
    tx.first(
        """
        select
          from leases
         where environment_id = ?
           and run_id = ?
           for update
        """,
        r -> true,
        environmentId,
        runId);
  }

  /**
   * Marks held runs as canceled, and returns them. What a report is changing is passed over: it
   * locks leases in an order of its own, and might wait for others of these.
   */
  List<UUID> cancel(Tx tx, int environmentId, UUID[] runIds) {
    return tx.list(
        """
        update leases
           set canceled_at = coalesce(canceled_at, now())
         where environment_id = ?
           and run_id = any (array(
                 select run_id
                   from leases
                  where environment_id = ?
                    and run_id = any (?)
                    for update skip locked))
        returning run_id
        """,
        r -> r.uuid("run_id"),
        environmentId,
        environmentId,
        runIds);
  }

  /**
   * What a session holds that was canceled, each told once. What somebody else has locked is being
   * told, ended or canceled again, and left for the next time: a report that waited here for one
   * lease while it holds others could wait in a ring.
   */
  List<Hold> tellCanceled(Tx tx, int environmentId, UUID sessionId) {
    return tx.list(
        """
        update leases
           set cancel_told = true
         where environment_id = ?
           and run_id = any (array(
                 select run_id
                   from leases
                  where environment_id = ?
                    and session_id = ?
                    and canceled_at is not null
                    and not cancel_told
                    for update skip locked))
        returning run_id, fence
        """,
        r -> new Hold(r.uuid("run_id"), r.integer("fence")),
        environmentId,
        environmentId,
        sessionId);
  }

  /** Ends all that a session holds. */
  List<Lease> releaseAll(Tx tx, int environmentId, UUID sessionId) {
    return tx.list(
        """
        delete from leases
         where environment_id = ?
           and session_id = ?
        returning run_id, fence, lane_id, rank, attempt, losses, started_at, first_started_at,
                  batch_id, version_id, canceled_at is not null as canceled
        """,
        LeaseStore::lease,
        environmentId,
        sessionId);
  }

  /**
   * Adds the counters that these lanes still lack, if their queues have a limit, counting what is
   * leased: a limit may come when runs are held. In one order, so that no two claims wait for each
   * other's rows in a ring.
   */
  void insertMissingSlots(Tx tx, int environmentId, int[] laneIds) {
    tx.update(
        """
        with missing as materialized (
          select distinct l.environment_id, l.queue_id, l.concurrency_key
            from lanes l
            join queues q using (environment_id, queue_id)
           where l.environment_id = ?
             and l.lane_id = any (?)
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
           where e.environment_id = ?
           group by l.queue_id, l.concurrency_key
        )
        insert into slots (environment_id, queue_id, concurrency_key, in_use)
        select m.environment_id, m.queue_id, m.concurrency_key, coalesce(h.n, 0)
          from missing m
          left join held h using (queue_id, concurrency_key)
         order by m.queue_id, m.concurrency_key
            on conflict do nothing
        """,
        environmentId,
        laneIds,
        environmentId);
  }

  /** Sets every counter of a limited queue to what is leased; the counters must be locked. */
  void recountSlots(Tx tx, int environmentId) {
    tx.update(
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
                 where s.environment_id = ?
                 group by s.queue_id, s.concurrency_key) as c
         where s.environment_id = ?
           and s.queue_id = c.queue_id
           and s.concurrency_key = c.concurrency_key
           and s.in_use <> c.n
        """,
        environmentId,
        environmentId);
  }

  private static List<Claimed> inOrder(List<Claimed> claims) {
    return claims.stream().sorted(Comparator.comparing(Claimed::runId)).toList();
  }

  private static UUID[] runIds(List<Claimed> claims) {
    return claims.stream().map(Claimed::runId).toArray(UUID[]::new);
  }

  private static int[] fences(List<Claimed> claims) {
    return claims.stream().mapToInt(Claimed::fence).toArray();
  }

  private static int[] attempts(List<Claimed> claims) {
    return claims.stream().mapToInt(Claimed::attempt).toArray();
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
        r.flag("canceled"));
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

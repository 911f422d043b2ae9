package dev.fanfare.server.lease;

import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/**
 * SQL of {@code leases}, except inserting them: see {@link ClaimStore}.
 *
 * <p>The leases of a report are read one by one, in a subquery with a limit, which the planner
 * cannot turn into a join. A plan made while the table is nearly empty would otherwise read all
 * leases for each report. They are locked in the order of their runs, so that two concurrent
 * reports of a session do not deadlock.
 *
 * <p>An attempt matches a lease if it is the last one started or the next: a worker may report only
 * the end of an attempt.
 */
final class LeaseStore {

  /**
   * Records that attempts started; returns those whose leases the session holds. An attempt that is
   * recorded as started keeps its start time.
   *
   * <p>If the statement had to wait for a lease that another transaction changed, such as a cancel
   * or the same report sent twice, it has locked the new version of the row but does not see it. A
   * second statement does.
   */
  List<AttemptRef> start(Tx tx, UUID sessionId, List<AttemptRef> attempts) {
    List<AttemptRef> started = new ArrayList<>(startVisible(tx, sessionId, attempts));
    if (started.size() < attempts.size()) {
      Set<AttemptRef> others = new HashSet<>(attempts);
      started.forEach(others::remove);
      started.addAll(startVisible(tx, sessionId, others));
    }
    return started;
  }

  private static List<AttemptRef> startVisible(
      Tx tx, UUID sessionId, Collection<AttemptRef> attempts) {
    List<AttemptRef> ordered = ordered(attempts, AttemptRef::runId);
    return tx.sql(
            """
            update leases l
               set attempt          = held.attempt,
                   started_at       = case when l.started_at is not null
                                            and l.attempt = held.attempt
                                           then l.started_at else now() end,
                   first_started_at = coalesce(l.first_started_at, now())
              from (select h.address, c.attempt
                      from unnest(:run_ids::uuid[], :fences::int[], :attempts::int[])
                           as c (run_id, fence, attempt)
                     cross join lateral (
                             select x.ctid as address
                               from leases x
                              where x.environment_id = :environment
                                and x.session_id = :session_id
                                and x.run_id = c.run_id
                                and x.fence = c.fence
                                and c.attempt in (x.attempt, x.attempt + 1)
                              limit 1
                                for update) as h) as held
             where l.ctid = held.address
            returning l.run_id, l.fence, l.attempt
            """)
        .uuids("run_ids", ordered, AttemptRef::runId)
        .ints("fences", ordered, AttemptRef::fence)
        .ints("attempts", ordered, AttemptRef::attempt)
        .bind("session_id", sessionId)
        .list(r -> new AttemptRef(r.uuid("run_id"), r.integer("fence"), r.integer("attempt")));
  }

  /**
   * Deletes and returns the leases that match session, fence and attempt. A lease that is not
   * returned was lost and is unchanged.
   */
  List<Lease> end(Tx tx, UUID sessionId, List<AttemptRef> attempts) {
    List<AttemptRef> ordered = ordered(attempts, AttemptRef::runId);
    return tx.sql(
            """
            delete from leases l
             where l.environment_id = :environment
               and l.run_id = any (array(
                     select held.run_id
                       from unnest(:run_ids::uuid[], :fences::int[], :attempts::int[])
                            as c (run_id, fence, attempt)
                      cross join lateral (
                              select x.run_id
                                from leases x
                               where x.environment_id = :environment
                                 and x.session_id = :session_id
                                 and x.run_id = c.run_id
                                 and x.fence = c.fence
                                 and c.attempt in (x.attempt, x.attempt + 1)
                               limit 1
                                 for update) as held))
            returning l.*
            """)
        .uuids("run_ids", ordered, AttemptRef::runId)
        .ints("fences", ordered, AttemptRef::fence)
        .ints("attempts", ordered, AttemptRef::attempt)
        .bind("session_id", sessionId)
        .list(LeaseStore::lease);
  }

  /** Deletes and returns the leases that match session and fence, whatever their attempt. */
  List<Lease> handBack(Tx tx, UUID sessionId, List<LeaseRef> refs) {
    List<LeaseRef> ordered = ordered(refs, LeaseRef::runId);
    return tx.sql(
            """
            delete from leases l
             where l.environment_id = :environment
               and l.run_id = any (array(
                     select held.run_id
                       from unnest(:run_ids::uuid[], :fences::int[]) as c (run_id, fence)
                      cross join lateral (
                              select x.run_id
                                from leases x
                               where x.environment_id = :environment
                                 and x.session_id = :session_id
                                 and x.run_id = c.run_id
                                 and x.fence = c.fence
                               limit 1
                                 for update) as held))
            returning l.*
            """)
        .uuids("run_ids", ordered, LeaseRef::runId)
        .ints("fences", ordered, LeaseRef::fence)
        .bind("session_id", sessionId)
        .list(LeaseStore::lease);
  }

  /**
   * Locks and returns the leases that match session, fence and attempt, with the retry policies of
   * their runs.
   */
  List<Lease.WithPolicy> lockWithPolicy(Tx tx, UUID sessionId, List<AttemptRef> attempts) {
    List<AttemptRef> ordered = ordered(attempts, AttemptRef::runId);
    return tx.sql(
            """
            select l.*,
                   coalesce(r.max_attempts, t.max_attempts) as max_attempts,
                   t.retry_min_ms, t.retry_max_ms, t.retry_factor, t.retry_randomize
              from unnest(:run_ids::uuid[], :fences::int[], :attempts::int[])
                   as c (run_id, fence, attempt)
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
                        and within(x.run_id, :run_ids)
                      limit 1) as r
              join tasks t on t.environment_id = l.environment_id and t.task_id = r.task_id
            """)
        .uuids("run_ids", ordered, AttemptRef::runId)
        .ints("fences", ordered, AttemptRef::fence)
        .ints("attempts", ordered, AttemptRef::attempt)
        .bind("session_id", sessionId)
        .list(LeaseStore::withPolicy);
  }

  /**
   * Deletes and returns up to {@code max} leases of these sessions. Skips leases that another
   * transaction has locked.
   */
  List<Lease> endSome(Tx tx, List<UUID> sessionIds, int max) {
    return tx.sql(
            """
            delete from leases
             where environment_id = :environment
               and run_id = any (array(
                     select l.run_id
                       from leases l
                      where l.environment_id = :environment
                        and l.session_id = any (:session_ids)
                      limit :max
                        for update skip locked))
            returning *
            """)
        .uuids("session_ids", sessionIds)
        .bind("max", max)
        .list(LeaseStore::lease);
  }

  /**
   * A lease that its worker held for too long.
   *
   * @param exceeded whether its attempt exceeded its max duration
   */
  record Overdue(Lease lease, boolean exceeded) {}

  /**
   * Deletes and returns up to {@code max} leases that are overdue: claimed before {@code
   * startBefore} and not started, canceled before {@code cancelBefore} and not confirmed, of an
   * attempt that exceeds its max duration by more than {@code grace}, or of a session that does not
   * exist. Skips leases that another transaction has locked.
   */
  List<Overdue> endOverdue(
      Tx tx, Instant now, Instant startBefore, Instant cancelBefore, Duration grace, int max) {
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
                             or l.started_at + (l.max_duration_ms + :grace_ms)
                                               * interval '1 millisecond' <= :now
                             or not exists (select
                                              from sessions s
                                             where s.environment_id = l.environment_id
                                               and s.session_id = l.session_id))
                      limit :max
                        for update skip locked))
            returning *, coalesce(started_at + (max_duration_ms + :grace_ms)
                                               * interval '1 millisecond' <= :now, false) as exceeded
            """)
        .bind("start_before", startBefore)
        .bind("cancel_before", cancelBefore)
        .bind("grace_ms", grace.toMillis())
        .bind("now", now)
        .bind("max", max)
        .list(r -> new Overdue(lease(r), r.flag("exceeded")));
  }

  /** Locks the lease of a run, if there is one. Waits for a transaction that has locked it. */
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
   * Marks leased runs as canceled, and returns them. Skips leases that are locked: a report locks
   * its leases in another order, so waiting for it could deadlock.
   */
  List<UUID> cancel(Tx tx, Collection<UUID> runIds) {
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
        .uuids("run_ids", runIds)
        .list(r -> r.uuid("run_id"));
  }

  /**
   * Returns, later, the canceled leases of a session that it was not told of within {@code pause},
   * and notes that it is told now. It is told again and again, because the response may be lost.
   * Skips leases that are locked until the next call: another transaction notifies, ends or cancels
   * them, and a report that waited here while it has locked other leases could deadlock.
   */
  Later<List<LeaseRef>> notifyCanceled(Tx tx, UUID sessionId, Duration pause) {
    return tx.sql(
            """
            update leases
               set told_at = now()
             where environment_id = :environment
               and run_id = any (array(
                     select run_id
                       from leases
                      where environment_id = :environment
                        and session_id = :session_id
                        and canceled_at is not null
                        and (told_at is null
                             or told_at <= now() - :pause_ms * interval '1 millisecond')
                        for update skip locked))
            returning run_id, fence
            """)
        .bind("session_id", sessionId)
        .bind("pause_ms", pause.toMillis())
        .listLater(r -> new LeaseRef(r.uuid("run_id"), r.integer("fence")));
  }

  /** Returns those of these leases that the session holds. */
  List<LeaseRef> held(Tx tx, UUID sessionId, List<LeaseRef> refs) {
    return tx.sql(
            """
            select held.run_id, held.fence
              from unnest(:run_ids::uuid[], :fences::int[]) as c (run_id, fence)
             cross join lateral (
                     select x.run_id, x.fence
                       from leases x
                      where x.environment_id = :environment
                        and x.session_id = :session_id
                        and x.run_id = c.run_id
                        and x.fence = c.fence
                      limit 1) as held
            """)
        .uuids("run_ids", refs, LeaseRef::runId)
        .ints("fences", refs, LeaseRef::fence)
        .bind("session_id", sessionId)
        .list(r -> new LeaseRef(r.uuid("run_id"), r.integer("fence")));
  }

  /** Deletes and returns all leases of a session. Locks them in the order that reports do. */
  List<Lease> endAll(Tx tx, UUID sessionId) {
    return tx.sql(
            """
            delete from leases
             where environment_id = :environment
               and run_id = any (array(
                     select run_id
                       from leases
                      where environment_id = :environment
                        and session_id = :session_id
                      order by run_id
                        for update))
            returning *
            """)
        .bind("session_id", sessionId)
        .list(LeaseStore::lease);
  }

  private static <T> List<T> ordered(Collection<T> refs, Function<T, UUID> runId) {
    return refs.stream().sorted(Comparator.comparing(runId)).toList();
  }

  private static Lease lease(Row r) throws SQLException {
    return new Lease(
        r.uuid("run_id"),
        r.integer("fence"),
        r.bigint("lane_id"),
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

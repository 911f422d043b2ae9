package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** SQL of {@code expiries}: the expiry deadlines of queued runs. */
public final class ExpiryStore {

  /** When the first deadline of each environment passes. */
  public static final String DUE =
      """
      select e.environment_id, d.expires_at as at
        from environments e
       cross join lateral (
               select x.expires_at
                 from expiries x
                where x.environment_id = e.environment_id
                order by x.expires_at
                limit 1) as d
      """;

  /** A ready entry and the time at which it expires. */
  public record Expiring(Entry entry, Instant expiresAt) {}

  /** Inserts the expiry deadlines of new ready runs, in one statement. */
  public void insertAll(Tx tx, List<Expiring> expiring) {
    List<Entry> entries = expiring.stream().map(Expiring::entry).toList();
    tx.sql(
            """
            insert into expiries (environment_id, run_id, expires_at, lane_id, rank)
            select :environment, e.run_id, e.expires_at::timestamptz, e.lane_id, e.rank
              from unnest(:run_ids::uuid[], :expires_ats::text[], :lane_ids::int8[], :ranks::int8[])
                   as e (run_id, expires_at, lane_id, rank)
            """)
        .uuids("run_ids", entries, Entry::runId)
        .times("expires_ats", expiring, e -> e.expiresAt())
        .longs("lane_ids", entries, Entry::laneId)
        .longs("ranks", entries, Entry::rank)
        .updateLater();
  }

  /**
   * Starts the times to live of runs that were queued before, of those that have one; a deadline
   * that a run already has is replaced.
   *
   * @param begin when they start
   */
  void restart(Tx tx, List<Entry> entries, Instant begin) {
    tx.sql(
            """
            insert into expiries (environment_id, run_id, expires_at, lane_id, rank)
            select :environment, e.run_id,
                   :begin::timestamptz + r.ttl_ms * interval '1 millisecond', e.lane_id, e.rank
              from unnest(:run_ids::uuid[], :lane_ids::int8[], :ranks::int8[])
                   as e (run_id, lane_id, rank)
             cross join lateral (
                     select x.ttl_ms
                       from runs x
                      where x.environment_id = :environment
                        and x.run_id = e.run_id
                        and x.ttl_ms is not null
                        and within(x.run_id, :run_ids)
                      limit 1) as r
                on conflict (environment_id, run_id) do update
               set expires_at = excluded.expires_at
            """)
        .bind("begin", begin)
        .uuids("run_ids", entries, Entry::runId)
        .longs("lane_ids", entries, Entry::laneId)
        .longs("ranks", entries, Entry::rank)
        .update();
  }

  /**
   * Locks and returns up to {@code max} deadlines that have passed, the longest due first. Skips
   * those that another transaction has locked.
   */
  public List<Expired> due(Tx tx, Instant now, int max) {
    return tx.sql(
            """
            select run_id, lane_id, rank
              from expiries
             where environment_id = :environment
               and expires_at <= :now
             order by expires_at
             limit :max
               for update skip locked
            """)
        .bind("now", now)
        .bind("max", max)
        .list(r -> new Expired(r.uuid("run_id"), r.bigint("lane_id"), r.bigint("rank")));
  }

  /**
   * Deletes up to {@code max} deadlines of runs with lesser ids than {@code before} that were
   * dropped; returns how many. Their deadlines may be years ahead.
   *
   * @param tx outside any environment
   */
  public int deleteOfDropped(Tx tx, UUID before, int max) {
    return tx.sql(
            """
            delete from expiries
             where ctid = any (array(
                     select e.ctid
                       from expiries e
                       left join lateral (
                              select true as stored
                                from runs x
                               where x.environment_id = e.environment_id
                                 and x.run_id = e.run_id
                               limit 1) as r on true
                      where e.run_id < :before
                        and r.stored is null
                      limit :max
                        for update of e skip locked))
            """)
        .bind("before", before)
        .bind("max", max)
        .update();
  }

  /** Deletes the deadlines of final runs that are deleted. */
  public void delete(Tx tx, List<UUID> runIds) {
    tx.sql(
            """
            delete from expiries
             where environment_id = :environment
               and run_id = any (:run_ids)
            """)
        .uuids("run_ids", runIds)
        .update();
  }

  /** A run whose deadline has passed, and its ready entry when the deadline was set. */
  public record Expired(UUID runId, long laneId, long rank) {}

  /**
   * Deletes the ready entries of these runs, except those that were claimed before; returns the
   * runs of the deleted ones. Skips entries that are locked: a claim or a cancel may take them, and
   * a cancel locks them in the order of a family.
   */
  public List<UUID> take(Tx tx, List<Expired> expired) {
    return tx.sql(
            """
            delete from ready
             where environment_id is not distinct from :environment -- not for an index
               and ctid = any (array(
                     select y.address
                       from unnest(:lane_ids::int8[], :ranks::int8[], :run_ids::uuid[])
                            as e (lane_id, rank, run_id)
                      cross join lateral (
                              select x.task_id, x.version_id
                                from lanes x
                               where x.environment_id = :environment
                                 and x.lane_id = e.lane_id
                               limit 1) as l
                      cross join lateral (
                              select x.ctid as address
                                from ready x
                               where x.environment_id = :environment
                                 and x.task_id = l.task_id
                                 and x.version_id = l.version_id
                                 and x.lane_id = e.lane_id
                                 and x.rank = e.rank
                                 and x.last_id = e.run_id
                                 and x.fence = 0
                               limit 1
                                 for update skip locked) as y))
            returning last_id as run_id
            """)
        .longs("lane_ids", expired, Expired::laneId)
        .longs("ranks", expired, Expired::rank)
        .uuids("run_ids", expired, Expired::runId)
        .list(r -> r.uuid("run_id"));
  }

  /**
   * Deletes the deadlines of these runs, which the caller has locked, except of those that still
   * have their ready entry; returns how many.
   */
  public int deletePassed(Tx tx, List<Expired> expired) {
    return tx.sql(
            """
            delete from expiries
             where environment_id = :environment
               and run_id = any (array(
                     select e.run_id
                       from unnest(:lane_ids::int8[], :ranks::int8[], :run_ids::uuid[])
                            as e (lane_id, rank, run_id)
                       left join lateral (
                              select x.task_id, x.version_id
                                from lanes x
                               where x.environment_id = :environment
                                 and x.lane_id = e.lane_id
                               limit 1) as l on true -- an unused lane may be gone
                       left join lateral (
                              select true as present
                                from ready x
                               where x.environment_id = :environment
                                 and x.task_id = l.task_id
                                 and x.version_id = l.version_id
                                 and x.lane_id = e.lane_id
                                 and x.rank = e.rank
                                 and x.last_id = e.run_id
                                 and x.fence = 0
                               limit 1) as y on true
                      where y.present is null))
            """)
        .longs("lane_ids", expired, Expired::laneId)
        .longs("ranks", expired, Expired::rank)
        .uuids("run_ids", expired, Expired::runId)
        .update();
  }
}

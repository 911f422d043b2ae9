package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/** SQL of {@code lanes} that nobody uses any more. {@link LaneStore} says how they go. */
final class IdleLaneStore {
  /** When the lane of each environment was checked that was not for the longest time. */
  static final String DUE =
      """
      select e.environment_id, d.checked_at as at
        from environments e
       cross join lateral (
               select x.checked_at
                 from lanes x
                where x.environment_id = e.environment_id
                order by x.checked_at
                limit 1) as d
      """;

  /** A lane whose check is due; {@code idle}: it had no run when it was last checked. */
  record Unchecked(long laneId, boolean idle) {}

  /**
   * Locks and returns up to {@code max} lanes that were not checked since {@code before}, the
   * longest unchecked first. Skips lanes that a trigger is just reviving.
   */
  List<Unchecked> lockUnchecked(Tx tx, Instant before, int max) {
    return tx.sql(
            """
            select lane_id, idle
              from lanes
             where environment_id = :environment
               and checked_at <= :before
             order by checked_at
             limit :max
               for update skip locked
            """)
        .bind("before", before)
        .bind("max", max)
        .list(r -> new Unchecked(r.bigint("lane_id"), r.flag("idle")));
  }

  /**
   * Those of these lanes, locked by the caller, that must stay: of which runs wait or are held by
   * workers, or whose task has parked runs. Final runs need no lane. As long as a batch that was
   * announced before {@code announcedBefore} may still get its runs, all stay: its items have
   * lanes, too.
   */
  List<Long> inUse(Tx tx, Collection<Long> laneIds, Instant announcedBefore) {
    return tx.sql(
            """
            select l.lane_id
              from (select l.lane_id,
                           l.lane_id in (select e.lane_id
                                           from leases e
                                          where e.environment_id = :environment) as leased,
                           (select true
                              from ready x
                             where x.environment_id = :environment
                               and x.task_id = l.task_id
                               and x.version_id = l.version_id
                               and x.lane_id = l.lane_id
                             limit 1) as ready,
                           (select true
                              from delays x
                             where x.environment_id = :environment
                               and x.lane_id = l.lane_id
                             limit 1) as delayed,
                           (select true
                              from parked x
                             where x.environment_id = :environment
                               and x.task_id = l.task_id
                             limit 1) as parked
                      from lanes l
                     where l.environment_id = :environment
                       and l.lane_id = any (:lane_ids)) as l
             where l.leased
                or l.ready
                or l.delayed
                or l.parked
                or exists (select
                             from batches b
                            where b.environment_id = :environment
                              and b.sealed_at is null
                              and b.status = 'PENDING'
                              and b.created_at <= :announced_before)
            """)
        .longs("lane_ids", laneIds, Long::longValue)
        .bind("announced_before", announcedBefore)
        .list(r -> r.bigint("lane_id"));
  }

  /** Notes that lanes, locked by the caller, were checked, and whether they are idle. */
  void checked(Tx tx, Collection<Long> laneIds, boolean idle, Instant now) {
    tx.sql(
            """
            update lanes
               set idle = :idle, checked_at = :now
             where environment_id = :environment
               and lane_id = any (:lane_ids)
            """)
        .bind("idle", idle)
        .bind("now", now)
        .longs("lane_ids", laneIds, Long::longValue)
        .update();
  }

  /** Deletes lanes, locked by the caller. */
  void delete(Tx tx, Collection<Long> laneIds) {
    tx.sql(
            """
            delete from lanes
             where environment_id = :environment
               and lane_id = any (:lane_ids)
            """)
        .longs("lane_ids", laneIds, Long::longValue)
        .update();
  }
}

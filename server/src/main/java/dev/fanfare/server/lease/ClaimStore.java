package dev.fanfare.server.lease;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.ClaimRuns.Claimant;
import dev.fanfare.server.queue.ReadyStore.ClaimableLane;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** SQL of a claim. */
final class ClaimStore {
  /**
   * Payloads and metadata of one claim, so that no claim can fill the memory; one run always fits.
   */
  private static final long BYTES_MAX = 4L * 1024 * 1024;

  /**
   * Takes up to so many runs from each lane, in rank order, and leases them to a session.
   *
   * <p>A session that was closed or lapsed gets nothing: a poll may still be under way for it, and
   * what it took would count as lost. Its row is held until the leases are written, so that a close
   * finds them.
   *
   * <p>Ready rows that another claim holds are skipped, never waited for. A queue with a limit
   * gives no more than its counter has left; the counter's row is locked first, and while another
   * claim holds it this one takes nothing from that queue. Of the lanes that share a counter, the
   * one whose first run waits longest is served first, or a deep one would starve the others. Rows
   * are deleted by their physical address, which cannot move while they are locked, and runs are
   * looked up one by one behind a limit: left free, a plan made while these tables were nearly
   * empty would read all of them ever after. What is the same for all runs of a lane came with the
   * lane.
   *
   * @param quotas how many to take at most, lane by lane
   */
  List<ClaimedRun> claim(Tx tx, Claimant claimant, List<ClaimableLane> lanes, int[] quotas) {
    int[] laneIds = lanes.stream().mapToInt(ClaimableLane::laneId).toArray();
    Map<Integer, ClaimableLane> laneById =
        lanes.stream().collect(Collectors.toMap(ClaimableLane::laneId, lane -> lane));
    return tx.sql(
            """
            with alive as materialized (
              select
                from sessions
               where environment_id = :environment
                 and session_id = :session_id
                 and expires_at > now()
                 for key share
            ), counted as materialized (
              select s.queue_id, s.concurrency_key, q.concurrency_limit - s.in_use as free
                from slots s
                join queues q on q.environment_id = s.environment_id and q.queue_id = s.queue_id
               where s.environment_id = :environment
                 and q.concurrency_limit is not null
                 and (s.queue_id, s.concurrency_key) in (
                       select l.queue_id, l.concurrency_key
                         from lanes l
                        where l.environment_id = :environment
                          and l.lane_id = any (:lane_ids))
                 for update of s skip locked
            ), granted as materialized (
              select l.lane_id, l.queue_id, l.concurrency_key,
                     q.concurrency_limit is not null as limited,
                     case when q.concurrency_limit is null then a.quota
                          else least(a.quota,
                                     greatest(0, coalesce(c.free, 0)
                                                 - coalesce(sum(a.quota) over before_me, 0))) end as n
                from unnest(:lane_ids::int[], :quotas::int[]) as a (lane_id, quota)
                join lanes l on l.environment_id = :environment and l.lane_id = a.lane_id
                join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
                left join counted c on c.queue_id = l.queue_id
                                   and c.concurrency_key = l.concurrency_key
                left join lateral (
                       select y.rank
                         from ready y
                        where y.environment_id = :environment
                          and y.lane_id = l.lane_id
                        order by y.rank
                        limit 1) as head on q.concurrency_limit is not null
              window before_me as (partition by l.queue_id, l.concurrency_key
                                       order by head.rank, l.lane_id
                                        rows between unbounded preceding and 1 preceding)
            ), picked as materialized (
              select r.*
                from alive
               cross join granted g
               cross join lateral (
                       select y.ctid as address, y.*
                         from ready y
                        where y.environment_id = :environment
                          and y.lane_id = g.lane_id
                        order by y.rank, y.run_id
                        limit g.n
                          for update skip locked) as r
            ), fitting as materialized (
              select p.*
                from (select p.*,
                             sum(coalesce(octet_length(r.payload), 0)
                                 + coalesce(octet_length(r.metadata), 0))
                               over (order by p.rank, p.run_id) as bytes,
                             row_number() over (order by p.rank, p.run_id) as n,
                             r.batch_id, r.payload, r.payload_type, r.metadata, r.tags, r.is_test,
                             r.created_at, r.max_attempts, r.max_duration_ms
                        from picked p
                       cross join lateral (
                               select x.batch_id, x.payload, x.payload_type, x.metadata, x.tags,
                                      x.is_test, x.created_at, x.max_attempts, x.max_duration_ms
                                 from runs x
                                where x.environment_id = p.environment_id
                                  and x.run_id = p.run_id
                                limit 1) as r) as p
               where p.bytes <= :bytes_max
                  or p.n = 1
            ), taken as (
              delete from ready
               where environment_id is not distinct from :environment      -- not for an index
                 and ctid = any (array(select address from fitting))
            ), used as (
              update slots s
                 set in_use = s.in_use + p.n
                from (select g.queue_id, g.concurrency_key, count(*)::int as n
                        from fitting
                        join granted g using (lane_id)
                       where g.limited
                       group by g.queue_id, g.concurrency_key) as p
               where s.environment_id = :environment
                 and s.queue_id = p.queue_id
                 and s.concurrency_key = p.concurrency_key
            ), leased as (
              insert into leases
                     (environment_id, run_id, session_id, fence, lane_id, rank, attempt, losses,
                      claimed_at, first_started_at, batch_id, version_id)
              select p.environment_id, p.run_id, :session_id, p.fence + 1, p.lane_id, p.rank, p.attempt, p.losses,
                     now(), p.first_started_at, p.batch_id, :version_id
                from fitting p
            )
            select p.run_id, p.fence + 1 as fence, p.lane_id, p.attempt, p.batch_id, p.payload,
                   p.payload_type, p.metadata, p.tags, p.is_test, p.created_at, p.max_attempts,
                   p.max_duration_ms
              from fitting p
             order by p.rank, p.run_id
            """)
        .bind("session_id", claimant.sessionId())
        .bind("lane_ids", laneIds)
        .bind("quotas", quotas)
        .bind("bytes_max", BYTES_MAX)
        .bind("version_id", claimant.versionId())
        .list(r -> claimed(r, Objects.requireNonNull(laneById.get(r.integer("lane_id")))));
  }

  private static ClaimedRun claimed(Row r, ClaimableLane lane) throws SQLException {
    Integer ownMax = r.integerOrNull("max_attempts");
    Duration ownLimit = r.millisOrNull("max_duration_ms");
    return new ClaimedRun(
        r.uuid("run_id"),
        r.integer("fence"),
        r.integer("attempt"),
        ownMax == null ? lane.maxAttempts() : ownMax,
        ownLimit == null ? lane.maxDuration() : ownLimit,
        lane.task(),
        lane.queue(),
        r.uuidOrNull("batch_id"),
        r.textOrNull("payload"),
        r.textOrNull("payload_type"),
        r.textOrNull("metadata"),
        r.texts("tags"),
        r.flag("is_test"),
        r.instant("created_at"));
  }
}

package dev.fanfare.server.lease;

import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.ClaimRuns.Claimant;
import dev.fanfare.server.queue.ReadyStore.ClaimableLane;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** SQL of a round of a claim. */
final class ClaimStore {
  /**
   * Bounds the memory for payloads and metadata of one round of a claim. One run of any size always
   * fits.
   */
  static final long BYTES_MAX = 4L * 1024 * 1024;

  /**
   * Claims runs for a session, in one round: up to a quota from each lane, in rank order.
   *
   * <p>It is one statement, and so one round trip, of these steps:
   *
   * <ol>
   *   <li>{@code live_session} is empty if the session was closed or lapsed, or if its worker no
   *       longer waits for this poll, and then nothing is claimed: it would count as lost.
   *   <li>{@code chosen} reads the lanes and the limits of their queues.
   *   <li>{@code free_slots} locks the counters of limited queues. Waiting for a counter would make
   *       claims wait for each other, so a queue whose counter is locked gives nothing.
   *   <li>{@code grants} limits the quotas of lanes that share a counter. The lane whose first run
   *       waits longest comes first; otherwise a deep lane would starve the others.
   *   <li>{@code picked} locks the entries, and {@code wanted} says how many of their runs the
   *       quotas allow.
   *   <li>{@code found} reads these runs, and {@code claimed} drops those that exceed the limit of
   *       bytes. It reads the metadata if any run is {@code described}.
   *   <li>{@code removed}, {@code kept}, {@code counted} and {@code leased} move the runs to the
   *       session.
   * </ol>
   *
   * <p>Two forms prevent full scans, which a plan made while the tables are nearly empty would
   * contain: entries are deleted by their {@code ctid}, which cannot change while they are locked,
   * and runs, lanes, queues and counters are read one by one in a subquery with a limit. Values
   * that all runs of a lane share are read with the lane.
   *
   * <p>The statement searches the partitions of recent runs only, and of those that {@code
   * elsewhere} names. It does not claim what it picks from older ones, but names it.
   *
   * @param quotas the maximum number of runs from each lane
   * @param elsewhere runs of older partitions that an earlier claim picked
   */
  Later<Claimed> claim(
      Tx tx, Claimant claimant, List<ClaimableLane> lanes, int[] quotas, List<UUID> elsewhere) {
    return pick(tx, claimant, lanes, quotas, elsewhere).map(Claimed::of);
  }

  /**
   * What a claim took.
   *
   * @param elsewhere runs that it did not take, because they are of older partitions
   */
  record Claimed(List<ClaimedRun> runs, List<UUID> elsewhere) {
    static final Claimed NOTHING = new Claimed(List.of(), List.of());

    private static Claimed of(List<Picked> picked) {
      return new Claimed(
          picked.stream().map(Picked::run).filter(Objects::nonNull).toList(),
          picked.stream().filter(p -> p.run() == null).map(Picked::lastId).toList());
    }
  }

  /**
   * An entry that was locked.
   *
   * @param run absent: it is older than the partitions that were searched, and was not claimed
   */
  private record Picked(UUID lastId, @Nullable ClaimedRun run) {}

  private static Later<List<Picked>> pick(
      Tx tx, Claimant claimant, List<ClaimableLane> lanes, int[] quotas, List<UUID> elsewhere) {
    Map<Long, ClaimableLane> laneById =
        lanes.stream().collect(Collectors.toMap(ClaimableLane::laneId, Function.identity()));
    return tx.sql(
            """
            with live_session as materialized (
              -- locked until the leases are written, so that closing the session finds them
              select
                from sessions
               where environment_id = :environment
                 and session_id = :session_id
                 and lapsed_at is null
                 and first_poll_no <= :poll_no
                 for key share
            ), chosen as materialized (
              select a.lane_id, a.quota, a.entries, a.max_duration_ms, l.task_id, l.version_id,
                     l.queue_id, l.concurrency_key, q.concurrency_limit
                from unnest(:lane_ids::int8[], :quotas::int[], :entries::int[],
                            :max_durations_ms::int8[])
                     as a (lane_id, quota, entries, max_duration_ms)
               cross join lateral (
                       select x.task_id, x.version_id, x.queue_id, x.concurrency_key
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
            ), free_slots as materialized (
              select m.queue_id, m.concurrency_key, m.concurrency_limit - s.in_use as n
                from (select distinct l.queue_id, l.concurrency_key, l.concurrency_limit
                        from chosen l
                       where l.concurrency_limit is not null) as m
               cross join lateral (
                       select x.in_use
                         from slots x
                        where x.environment_id = :environment
                          and x.queue_id = m.queue_id
                          and x.concurrency_key = m.concurrency_key
                        limit 1
                          for update skip locked) as s
            ), grants as materialized (
              -- a limited lane gets what the quotas of the earlier lanes leave of the free slots
              select l.task_id, l.version_id, l.lane_id, l.queue_id, l.concurrency_key,
                     l.entries, l.max_duration_ms,
                     l.concurrency_limit is not null as limited,
                     case when l.concurrency_limit is null then l.quota
                          else least(l.quota,
                                     greatest(0, coalesce(f.n, 0)
                                                 - coalesce(sum(l.quota) over earlier, 0))) end as n
                from chosen l
                left join free_slots f on f.queue_id = l.queue_id
                                      and f.concurrency_key = l.concurrency_key
                left join lateral (
                       select y.rank
                         from ready y
                        where l.concurrency_limit is not null
                          and y.environment_id = :environment
                          and y.task_id = l.task_id
                          and y.version_id = l.version_id
                          and y.lane_id = l.lane_id
                        order by y.rank
                        limit 1) as head on true
              window earlier as (partition by l.queue_id, l.concurrency_key
                                     order by head.rank, l.lane_id
                                      rows between unbounded preceding and 1 preceding)
            ), picked as materialized (
              -- an entry that another claim has locked is skipped
              select r.*, g.n as quota, g.max_duration_ms as task_max_duration_ms
                from live_session
               cross join grants g
               cross join lateral (
                       select y.ctid as address, y.*
                         from ready y
                        where y.environment_id = :environment
                          and y.task_id = g.task_id
                          and y.version_id = g.version_id
                          and y.lane_id = g.lane_id
                          and g.n > 0
                        order by y.rank, y.last_id
                        limit g.entries
                          for update skip locked) as r
            ), wanted as materialized (
              -- of the last entry of a lane perhaps only the first runs
              select p.*, least(p.n, p.quota - p.before) as some
                from (select p.*,
                             sum(p.n) over (partition by p.lane_id order by p.rank, p.last_id) - p.n
                               as before
                        from picked p) as p
               where p.before < p.quota
            ), described as materialized (
              -- most runs have no metadata: a look for each of them is saved if none has
              select exists (
                       select
                         from run_metadata x
                        where x.environment_id = :environment
                          and (recent(x.run_id) or within(x.run_id, :elsewhere))) as any_run
            ), found as materialized (
              select w.environment_id, w.address, w.lane_id, w.fence, w.attempt, w.losses,
                     w.first_started_at, w.task_max_duration_ms, r.*
                from wanted w
               cross join lateral (
                       (select x.run_id, w.rank, x.batch_id, x.payload, x.payload_type, x.tags,
                               x.is_test, x.created_at, x.max_attempts, x.max_duration_ms
                          from runs x
                         where w.n = 1
                           and x.environment_id = w.environment_id
                           and x.run_id = w.last_id
                           and (recent(x.run_id) or within(x.run_id, :elsewhere))
                         limit 1)
                       union all
                       (select x.run_id, x.rank, x.batch_id, x.payload, x.payload_type, x.tags,
                               x.is_test, x.created_at, x.max_attempts, x.max_duration_ms
                          from runs x
                         where w.n > 1
                           and x.environment_id = w.environment_id
                           and x.run_id > w.floor_id
                           and x.run_id <= w.last_id
                           and (recent(x.run_id) or within(x.run_id, :elsewhere))
                         order by x.run_id
                         limit w.some)) as r
            ), claimed as materialized (
              -- runs that exceed the bytes stay in the queue
              select f.*
                from (select f.*, d.metadata,
                             sum(coalesce(octet_length(f.payload), 0)
                                 + coalesce(octet_length(d.metadata), 0))
                               over (order by f.rank, f.run_id) as bytes,
                             row_number() over (order by f.rank, f.run_id) as place
                        from found f
                        left join lateral (
                               select x.metadata
                                 from run_metadata x
                                where (select any_run from described)
                                  and x.environment_id = f.environment_id
                                  and x.run_id = f.run_id
                                  and (recent(x.run_id) or within(x.run_id, :elsewhere))
                                limit 1) as d on true) as f
               where f.bytes <= :bytes_max
                  or f.place = 1
            ), used as materialized (
              select c.address, count(*)::int as n,
                     (array_agg(c.run_id order by c.rank desc, c.run_id desc))[1] as last_run_id
                from claimed c
               group by c.address
            ), removed as (
              delete from ready
               where environment_id is not distinct from :environment -- not for an index
                 and ctid = any (array(select address from used))
            ), kept as (
              -- what is left of entries
              insert into ready
                     (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt,
                      losses, n, floor_id)
              select w.environment_id, w.task_id, w.version_id, w.lane_id, w.rank + u.n, w.last_id,
                     0, 0, 0, w.n - u.n, case when w.n - u.n > 1 then u.last_run_id end
                from used u
                join wanted w on w.address = u.address
               where u.n < w.n
            ), counted as (
              update slots s
                 set in_use = s.in_use + c.n
                from (select g.queue_id, g.concurrency_key, count(*)::int as n
                        from claimed
                        join grants g using (lane_id)
                       where g.limited
                       group by g.queue_id, g.concurrency_key) as c
               where s.environment_id = :environment
                 and s.queue_id = c.queue_id
                 and s.concurrency_key = c.concurrency_key
                 and s.queue_id = any (array(select queue_id from grants))
                 and s.concurrency_key = any (array(select concurrency_key from grants))
            ), leased as (
              insert into leases
                     (environment_id, run_id, session_id, fence, lane_id, rank, attempt, losses,
                      claimed_at, first_started_at, batch_id, version_id, poll_no,
                      max_duration_ms)
              select c.environment_id, c.run_id, :session_id, c.fence + 1, c.lane_id, c.rank,
                     c.attempt, c.losses, now(), c.first_started_at, c.batch_id, :version_id,
                     :poll_no, coalesce(c.max_duration_ms, c.task_max_duration_ms)
                from claimed c
            )
            select c.run_id, c.fence + 1 as fence, c.lane_id, c.attempt, c.batch_id, c.payload,
                   c.payload_type, c.metadata, c.tags, c.is_test, c.created_at, c.max_attempts,
                   c.max_duration_ms, c.rank, false as elsewhere
              from claimed c
            union all
            select p.last_id, null, p.lane_id, null, null, null, null, null, null, null, null, null,
                   null, p.rank, true
              from picked p
             where not (recent(p.last_id) or within(p.last_id, :elsewhere))
             order by rank, run_id
            """)
        .bind("session_id", claimant.sessionId())
        .longs("lane_ids", lanes, ClaimableLane::laneId)
        .bind("quotas", quotas)
        .bind("entries", entries(lanes, quotas))
        .longsOrNull(
            "max_durations_ms",
            lanes,
            lane -> lane.maxDuration() == null ? null : lane.maxDuration().toMillis())
        .bind("bytes_max", BYTES_MAX)
        .bind("version_id", claimant.versionId())
        .bind("poll_no", claimant.poll())
        .uuids("elsewhere", elsewhere)
        .listLater(r -> {
          ClaimableLane lane = Objects.requireNonNull(laneById.get(r.bigint("lane_id")));
          return new Picked(r.uuid("run_id"), r.flag("elsewhere") ? null : claimed(r, lane));
        });
  }

  private static int[] entries(List<ClaimableLane> lanes, int[] quotas) {
    int[] entries = new int[quotas.length];
    for (int i = 0; i < quotas.length; i++) {
      entries[i] = lanes.get(i).entriesFor(quotas[i]);
    }
    return entries;
  }

  private static ClaimedRun claimed(Row r, ClaimableLane lane) throws SQLException {
    Integer maxAttempts = r.integerOrNull("max_attempts");
    Duration maxDuration = r.millisOrNull("max_duration_ms");
    return new ClaimedRun(
        r.uuid("run_id"),
        r.integer("fence"),
        r.bigint("lane_id"),
        r.bigint("rank"),
        r.integer("attempt"),
        maxAttempts == null ? lane.maxAttempts() : maxAttempts,
        maxDuration == null ? lane.maxDuration() : maxDuration,
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

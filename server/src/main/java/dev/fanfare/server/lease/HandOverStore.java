package dev.fanfare.server.lease;

import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.ClaimRuns.Claimant;
import dev.fanfare.server.queue.OutdatedLaneException;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.RunRow;
import dev.fanfare.server.task.Task;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** SQL that leases new runs in the transaction that creates them. */
final class HandOverStore {
  private static final int FENCE = 1;

  /**
   * The rest of what a worker needs to know, for the runs of one lane.
   *
   * @param maxAttempts of its task
   * @param maxDuration of its task
   */
  private record LeasedLane(
      long laneId, String task, String queue, int maxAttempts, @Nullable Duration maxDuration) {

    static LeasedLane of(Row r) throws SQLException {
      return new LeasedLane(
          r.bigint("lane_id"),
          r.text("task"),
          r.text("queue"),
          r.integer("max_attempts"),
          r.millisOrNull("max_duration_ms"));
    }

    ClaimedRun claimed(RunRow row, @Nullable UUID batchId, Instant now) {
      NewRun run = row.run();
      return new ClaimedRun(
          row.runId(),
          FENCE,
          row.laneId(),
          row.rank(),
          0,
          run.maxAttempts() == null ? maxAttempts : run.maxAttempts(),
          run.maxDuration() == null ? maxDuration : run.maxDuration(),
          task,
          queue,
          batchId,
          run.payload(),
          run.payloadType(),
          run.metadata(),
          run.tags(),
          run.test(),
          now);
    }
  }

  /**
   * Leases new runs to a session, later, in one statement, and returns those that it has leased.
   * The others are queued: all if the session is over, or if it is being closed, for which nobody
   * waits; and those of limited queues, whose slots only a claim counts. It fails with an {@link
   * OutdatedLaneException} if the lane of one is idle or gone, or if an assumption is wrong.
   *
   * @param assumed tasks that must exist with their queue and time to live
   */
  Later<List<ClaimedRun>> insert(
      Tx tx,
      Claimant claimant,
      Instant now,
      @Nullable UUID batchId,
      List<RunRow> runs,
      Collection<Task> assumed) {
    Set<Long> laneIds = runs.stream().map(RunRow::laneId).collect(Collectors.toSet());
    // Without an environment the inserts fail.
    return tx.sql(
            """
            with live_session as materialized (
              -- as for a claim: locked until the leases are written
              select
                from sessions
               where environment_id = :environment
                 and session_id = :session_id
                 and lapsed_at is null
                 and first_poll_no <= :poll_no
                 for key share skip locked
            ), used as materialized (
              select l.lane_id, l.task_id, l.version_id, t.slug as task, q.name as queue,
                     t.max_attempts, t.max_duration_ms,
                     q.concurrency_limit is null and exists (select from live_session) as leased
                from unnest(:used_lane_ids::int8[]) as u (lane_id)
               cross join lateral (
                       select x.lane_id, x.task_id, x.version_id, x.queue_id
                         from lanes x
                        where x.environment_id = :environment
                          and x.lane_id = u.lane_id
                          and not x.idle
                        limit 1) as l
               cross join lateral (
                       select x.slug, x.max_attempts, x.max_duration_ms
                         from tasks x
                        where x.environment_id = :environment
                          and x.task_id = l.task_id
                        limit 1) as t
               cross join lateral (
                       select x.name, x.concurrency_limit
                         from queues x
                        where x.environment_id = :environment
                          and x.queue_id = l.queue_id
                        limit 1) as q
            ), present as materialized (
              select (select count(*) from used) = cardinality(:used_lane_ids::int8[])
                     and (select count(*)
                            from unnest(:assumed_task_ids::int[], :assumed_queue_ids::int[],
                                        :assumed_ttls_ms::int8[])
                                 as a (task_id, queue_id, ttl_ms)
                           cross join lateral (
                                   select x.task_id
                                     from tasks x
                                    where x.environment_id = :environment
                                      and x.task_id = a.task_id
                                      and x.queue_id = a.queue_id
                                      and x.ttl_ms is not distinct from a.ttl_ms
                                    limit 1) as t) = cardinality(:assumed_task_ids::int[])
                     as all_are
            ), created as materialized (
              select case when p.all_are then :environment::int end as environment_id, e.run_id,
                     e.lane_id, e.rank, u.task_id, u.version_id, coalesce(u.leased, false) as leased,
                     coalesce(e.max_duration_ms, u.max_duration_ms) as max_duration_ms
                from unnest(:run_ids::uuid[], :lane_ids::int8[], :ranks::int8[],
                            :max_durations_ms::int8[]) as e (run_id, lane_id, rank, max_duration_ms)
               cross join present p
                left join used u on u.lane_id = e.lane_id
            ), leased as (
              insert into leases
                     (environment_id, run_id, session_id, fence, lane_id, rank, attempt, losses,
                      claimed_at, batch_id, version_id, poll_no, max_duration_ms)
              select c.environment_id, c.run_id, :session_id, :fence, c.lane_id, c.rank, 0, 0,
                     now(), :batch_id::uuid, :version_id, :poll_no, c.max_duration_ms
                from created c
               where c.leased
            ), queued as (
              insert into ready
                     (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt,
                      losses)
              select c.environment_id, c.task_id, c.version_id, c.lane_id, c.rank, c.run_id, 0, 0, 0
                from created c
               where not c.leased
            )
            select lane_id, task, queue, max_attempts, max_duration_ms
              from used
             where leased
            """)
        .bind("session_id", claimant.sessionId())
        .bind("poll_no", claimant.poll())
        .bind("version_id", claimant.versionId())
        .bind("fence", FENCE)
        .bind("batch_id", batchId)
        .longs("used_lane_ids", laneIds, Long::longValue)
        .uuids("run_ids", runs, RunRow::runId)
        .longs("lane_ids", runs, RunRow::laneId)
        .longs("ranks", runs, RunRow::rank)
        .longsOrNull("max_durations_ms", runs, row -> millis(row.run().maxDuration()))
        .ints("assumed_task_ids", assumed, Task::id)
        .ints("assumed_queue_ids", assumed, Task::queueId)
        .longsOrNull("assumed_ttls_ms", assumed, task -> millis(task.ttl()))
        .listLater(
            LeasedLane::of,
            failure -> failure.isNull("environment_id") ? new OutdatedLaneException(laneIds) : null)
        .map(lanes -> claimed(lanes, runs, batchId, now));
  }

  private static List<ClaimedRun> claimed(
      List<LeasedLane> lanes, List<RunRow> runs, @Nullable UUID batchId, Instant now) {
    Map<Long, LeasedLane> laneById =
        lanes.stream().collect(Collectors.toMap(LeasedLane::laneId, Function.identity()));
    List<ClaimedRun> claimed = new ArrayList<>(runs.size());
    for (RunRow row : runs) {
      LeasedLane lane = laneById.get(row.laneId());
      if (lane != null) {
        claimed.add(lane.claimed(row, batchId, now));
      }
    }
    return claimed;
  }

  private static @Nullable Long millis(@Nullable Duration span) {
    return span == null ? null : span.toMillis();
  }
}

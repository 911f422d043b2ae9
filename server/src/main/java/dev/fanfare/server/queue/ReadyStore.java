package dev.fanfare.server.queue;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code ready}: the runs that can be claimed now. The package {@code lease} claims them.
 */
public final class ReadyStore {

  /** Makes runs claimable, in one statement. */
  public void insertAll(Tx tx, List<Entry> entries) {
    tx.sql(
            """
            insert into ready
                   (environment_id, lane_id, rank, run_id, fence, attempt, losses, first_started_at)
            select :environment, e.lane_id, e.rank, e.run_id, e.fence, e.attempt, e.losses,
                   e.first_started_at::timestamptz
              from unnest(:lane_ids::int8[], :ranks::int8[], :run_ids::uuid[], :fences::int[],
                          :attempts::int[], :losses::int[], :first_started_ats::text[])
                   as e (lane_id, rank, run_id, fence, attempt, losses, first_started_at)
            """)
        .longs("lane_ids", entries, Entry::laneId)
        .longs("ranks", entries, Entry::rank)
        .uuids("run_ids", entries, Entry::runId)
        .ints("fences", entries, Entry::fence)
        .ints("attempts", entries, Entry::attempt)
        .ints("losses", entries, Entry::losses)
        .times("first_started_ats", entries, Entry::firstStartedAt)
        .update();
  }

  /**
   * Deletes and returns the entries of these runs, in the order of the arrays. Waits for claims
   * that have locked some; an entry that such a claim takes is not returned.
   */
  public List<Entry> delete(Tx tx, long[] laneIds, long[] ranks, UUID[] runIds) {
    return tx.sql(
            """
            delete from ready
             where environment_id is not distinct from :environment -- not for an index
               and ctid = any (array(
                     select y.address
                       from unnest(:lane_ids::int8[], :ranks::int8[], :run_ids::uuid[])
                            as e (lane_id, rank, run_id)
                      cross join lateral (
                              select x.ctid as address
                                from ready x
                               where x.environment_id = :environment
                                 and x.lane_id = e.lane_id
                                 and x.rank = e.rank
                                 and x.run_id = e.run_id
                               limit 1
                                 for update) as y))
            returning run_id, lane_id, rank, fence, attempt, losses, first_started_at
            """)
        .bind("lane_ids", laneIds)
        .bind("ranks", ranks)
        .bind("run_ids", runIds)
        .list(ReadyStore::entry);
  }

  static Entry entry(Row r) throws SQLException {
    return new Entry(
        r.uuid("run_id"),
        r.bigint("lane_id"),
        r.bigint("rank"),
        r.integer("fence"),
        r.integer("attempt"),
        r.integer("losses"),
        r.instantOrNull("first_started_at"));
  }

  /**
   * A lane with ready entries.
   *
   * @param versionId the version that its runs are locked to; 0: none
   * @param task the id that triggers and workers use for the task
   * @param queue the name of the queue
   * @param maxAttempts the maximum number of attempts by the task's retry policy
   * @param maxDuration the max duration of the task; absent: no limit
   * @param declared whether any worker has declared the task
   * @param depth the number of ready entries, counted up to a limit
   * @param freeSlots the free slots of its queue and concurrency key; absent: no concurrency limit
   */
  public record ClaimableLane(
      long laneId,
      int taskId,
      int versionId,
      String task,
      String queue,
      int maxAttempts,
      @Nullable Duration maxDuration,
      boolean declared,
      int depth,
      @Nullable Integer freeSlots) {}

  /**
   * Returns the next lanes with ready entries, after {@code afterLaneId}, in the order of their
   * ids.
   *
   * <p>The recursion is a skip scan: each lane costs one index probe, however many entries it has,
   * and lanes without entries cost nothing.
   *
   * @param lanesMax the maximum number of lanes
   * @param depthMax the limit for counting the entries of a lane
   */
  public List<ClaimableLane> claimableLanes(Tx tx, long afterLaneId, int lanesMax, int depthMax) {
    return tx.sql(
            """
            with recursive ahead (lane_id, n) as (
              (select r.lane_id, 1
                 from ready r
                where r.environment_id = :environment
                  and r.lane_id > :after_lane_id
                order by r.lane_id
                limit 1)
              union all
              select (select r.lane_id
                        from ready r
                       where r.environment_id = :environment
                         and r.lane_id > a.lane_id
                       order by r.lane_id
                       limit 1),
                     a.n + 1
                from ahead a
               where a.lane_id is not null
                 and a.n < :lanes_max
            )
            select a.lane_id, l.task_id, l.version_id, t.slug as task, q.name as queue,
                   t.max_attempts, t.max_duration_ms, t.registered_at is not null as declared,
                   (select count(*)
                      from (select
                              from ready r
                             where r.environment_id = l.environment_id
                               and r.lane_id = l.lane_id
                             limit :depth_max) as entries) as depth,
                   case when q.concurrency_limit is not null
                        then greatest(0, q.concurrency_limit - coalesce(s.in_use, 0)) end as free_slots
              from ahead a
              join lanes l on l.environment_id = :environment and l.lane_id = a.lane_id
              join tasks t on t.environment_id = l.environment_id and t.task_id = l.task_id
              join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
              left join slots s on s.environment_id = l.environment_id
                               and s.queue_id = l.queue_id
                               and s.concurrency_key = l.concurrency_key
                               and q.concurrency_limit is not null
             order by a.lane_id
            """)
        .bind("after_lane_id", afterLaneId)
        .bind("lanes_max", lanesMax)
        .bind("depth_max", depthMax)
        .list(r ->
            new ClaimableLane(
                r.bigint("lane_id"),
                r.integer("task_id"),
                r.integer("version_id"),
                r.text("task"),
                r.text("queue"),
                r.integer("max_attempts"),
                r.millisOrNull("max_duration_ms"),
                r.flag("declared"),
                r.integer("depth"),
                r.integerOrNull("free_slots")));
  }
}

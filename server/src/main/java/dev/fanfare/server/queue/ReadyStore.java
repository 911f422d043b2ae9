package dev.fanfare.server.queue;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL of {@code ready}: the runs that can be claimed now. */
public final class ReadyStore {

  /** Makes runs claimable, in one statement however many. */
  public void insertAll(Tx tx, List<Entry> entries) {
    EntryColumns columns = EntryColumns.of(entries);
    tx.sql(
            """
            insert into ready
                   (environment_id, lane_id, rank, run_id, fence, attempt, losses, first_started_at)
            select :environment, e.lane_id, e.rank, e.run_id, e.fence, e.attempt, e.losses,
                   e.first_started_at::timestamptz
              from unnest(:lane_ids::int[], :ranks::int8[], :run_ids::uuid[], :fences::int[], :attempts::int[], :losses::int[], :first_started_ats::text[])
                   as e (lane_id, rank, run_id, fence, attempt, losses, first_started_at)
            """)
        .bind("lane_ids", columns.laneIds())
        .bind("ranks", columns.ranks())
        .bind("run_ids", columns.runIds())
        .bind("fences", columns.fences())
        .bind("attempts", columns.attempts())
        .bind("losses", columns.losses())
        .bind("first_started_ats", columns.firstStartedAts())
        .update();
  }

  /**
   * Takes runs out and returns those that stood where they are named; a claim that is under way is
   * waited for, and then it was faster. In the order they are given.
   */
  public List<Entry> delete(Tx tx, int[] laneIds, long[] ranks, UUID[] runIds) {
    return tx.sql(
            """
            delete from ready
             where environment_id is not distinct from :environment      -- not for an index
               and ctid = any (array(
                     select y.address
                       from unnest(:lane_ids::int[], :ranks::int8[], :run_ids::uuid[]) as e (lane_id, rank, run_id)
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
        r.integer("lane_id"),
        r.bigint("rank"),
        r.integer("fence"),
        r.integer("attempt"),
        r.integer("losses"),
        r.instantOrNull("first_started_at"));
  }

  /**
   * A lane with something to claim.
   *
   * @param laneId the lane
   * @param taskId its task
   * @param versionId the version that alone may execute its runs; 0: any may
   * @param task its task's id as people write it
   * @param queue its queue's name
   * @param maxAttempts what its task's policy says
   * @param maxDuration how long its task lets an attempt run; absent: for ever
   * @param registered whether any worker has declared the task
   * @param depth how many entries wait, counted up to what was asked
   * @param room how many more of its queue may hold a slot; absent: no limit
   */
  public record ClaimableLane(
      int laneId,
      int taskId,
      int versionId,
      String task,
      String queue,
      int maxAttempts,
      @Nullable Duration maxDuration,
      boolean registered,
      int depth,
      @Nullable Integer room) {}

  /**
   * The next lanes that hold entries, after {@code afterLaneId}.
   *
   * <p>The recursion is a skip scan: one index probe finds each next lane, so lanes without entries
   * cost nothing and a million entries in one lane cost no more than one.
   *
   * @param lanesMax most lanes to look at
   * @param depthMax how far to count into a lane
   */
  public List<ClaimableLane> claimableLanes(Tx tx, int afterLaneId, int lanesMax, int depthMax) {
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
            select a.lane_id, l.task_id, l.version_id, t.slug as task, q.name as queue, t.max_attempts,
                   t.max_duration_ms, t.registered_at is not null as registered,
                   (select count(*)
                      from (select
                              from ready r
                             where r.environment_id = l.environment_id
                               and r.lane_id = l.lane_id
                             limit :depth_max) as entries) as depth,
                   case when q.concurrency_limit is not null
                        then greatest(0, q.concurrency_limit - coalesce(s.in_use, 0)) end as room
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
                r.integer("lane_id"),
                r.integer("task_id"),
                r.integer("version_id"),
                r.text("task"),
                r.text("queue"),
                r.integer("max_attempts"),
                r.millisOrNull("max_duration_ms"),
                r.flag("registered"),
                r.integer("depth"),
                r.integerOrNull("room")));
  }
}

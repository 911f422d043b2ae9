package dev.fanfare.server.queue;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import dev.fanfare.server.task.Task;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code ready}: the runs that can be claimed now. The package {@code lease} claims them.
 */
public final class ReadyStore {

  /** The entry of a new run, and the key of its lane. */
  public record Fresh(Entry entry, Lane lane) {}

  /**
   * Makes new runs claimable, later, in one statement. It fails with an {@link
   * OutdatedLaneException} if the lane of one is idle or gone, or if an assumption is wrong.
   *
   * @param assumed tasks that must exist with their queue and time to live
   */
  public void insertFresh(Tx tx, List<Fresh> runs, Collection<Task> assumed) {
    Set<Long> laneIds = new HashSet<>();
    runs.forEach(run -> laneIds.add(run.entry().laneId()));
    // Without an environment the insert fails.
        tx.sql(
                """
                insert into ready
                       (environment_id, task_id, version_id, lane_id, rank, run_id, fence, attempt,
                        losses)
                select case when c.present then :environment end, e.task_id, e.version_id,
                       e.lane_id, e.rank, e.run_id, 0, 0, 0
                  from unnest(:task_ids::int[], :version_ids::int[], :lane_ids::int8[], :ranks::int8[],
                              :run_ids::uuid[])
                       as e (task_id, version_id, lane_id, rank, run_id)
                 cross join (
                         select (select count(*)         -- once for the statement
                                   from unnest(:used_lane_ids::int8[]) as u (lane_id)
                                  cross join lateral (
                                          select x.lane_id
                                            from lanes x
                                           where x.environment_id = :environment
                                             and x.lane_id = u.lane_id
                                             and not x.idle
                                           limit 1) as l) = cardinality(:used_lane_ids::int8[])
                                and (select count(*)
                                       from unnest(:assumed_task_ids::int[],
                                                   :assumed_queue_ids::int[],
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
                                as present) as c
                """)
            .longs("used_lane_ids", laneIds, Long::longValue)
            .ints("task_ids", runs, run -> run.lane().taskId())
            .ints("version_ids", runs, run -> run.lane().versionId())
            .longs("lane_ids", runs, run -> run.entry().laneId())
            .longs("ranks", runs, run -> run.entry().rank())
            .uuids("run_ids", runs, run -> run.entry().runId())
            .ints("assumed_task_ids", assumed, Task::id)
            .ints("assumed_queue_ids", assumed, Task::queueId)
            .longsOrNull("assumed_ttls_ms", assumed, task -> millis(task.ttl()))
            .updateLater(
                failure ->
                    failure.isNull("environment_id") ? new OutdatedLaneException(laneIds) : null);
  }

  private static @Nullable Long millis(@Nullable Duration span) {
    return span == null ? null : span.toMillis();
  }

  /** Makes runs claimable again, in one statement; returns their tasks. */
  public Set<Integer> insertAll(Tx tx, List<Entry> entries) {
    return new HashSet<>(
        tx.sql(
                """
                insert into ready
                       (environment_id, task_id, version_id, lane_id, rank, run_id, fence, attempt,
                        losses, first_started_at)
                select :environment, l.task_id, l.version_id, e.lane_id, e.rank, e.run_id, e.fence,
                       e.attempt, e.losses, e.first_started_at::timestamptz
                  from unnest(:lane_ids::int8[], :ranks::int8[], :run_ids::uuid[], :fences::int[],
                              :attempts::int[], :losses::int[], :first_started_ats::text[])
                       as e (lane_id, rank, run_id, fence, attempt, losses, first_started_at)
                 left join lateral (
                         select x.task_id, x.version_id
                           from lanes x
                          where x.environment_id = :environment
                            and x.lane_id = e.lane_id
                          limit 1) as l on true -- without a lane it fails: nothing is lost
                returning task_id
                """)
            .longs("lane_ids", entries, Entry::laneId)
            .longs("ranks", entries, Entry::rank)
            .uuids("run_ids", entries, Entry::runId)
            .ints("fences", entries, Entry::fence)
            .ints("attempts", entries, Entry::attempt)
            .ints("losses", entries, Entry::losses)
            .times("first_started_ats", entries, Entry::firstStartedAt)
            .list(r -> r.integer("task_id")));
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
   * A place in the order in which claims walk the lanes, that of the key of {@code ready}.
   *
   * @param laneId 0: in front of all lanes of the task and the version
   */
  public record Position(int taskId, int versionId, long laneId) implements Comparable<Position> {
    /** In front of all lanes. */
    public static final Position START = new Position(0, 0, 0);

    private static final Comparator<Position> ORDER =
        Comparator.comparingInt(Position::taskId)
            .thenComparingInt(Position::versionId)
            .thenComparingLong(Position::laneId);

    @Override
    public int compareTo(Position other) {
      return ORDER.compare(this, other);
    }
  }

  /**
   * A lane with ready entries.
   *
   * @param versionId the version that its runs are locked to; 0: none
   * @param task the id that triggers and workers use for the task
   * @param queue the name of the queue
   * @param maxAttempts the maximum number of attempts by the task's retry policy
   * @param maxDuration the max duration of the task; absent: no limit
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
      int depth,
      @Nullable Integer freeSlots) {

    /** Its place among the lanes. */
    public Position position() {
      return new Position(taskId, versionId, laneId);
    }
  }

  /**
   * Returns the next lanes with ready entries that a worker may take, after {@code after}, in the
   * order of their positions: those of its tasks whose runs are locked to no version, or to its
   * own.
   *
   * <p>The recursion is a skip scan: each lane costs one index probe, however many entries it has,
   * and lanes without entries cost nothing. Where the next entry is of another task or version, it
   * jumps to what the worker may take next. So all lanes of others together cost at most one probe
   * for each task of the worker and each version of it.
   *
   * @param taskIds the tasks of the worker, in ascending order
   * @param versionId the version of the worker
   * @param after {@link Position#START}, or a lane that the worker may take
   * @param lanesMax the maximum number of lanes
   * @param depthMax the limit for counting the entries of a lane
   */
  public List<ClaimableLane> claimableLanes(
      Tx tx, int[] taskIds, int versionId, Position after, int lanesMax, int depthMax) {
    return tx.sql(
            """
            with recursive worker as materialized (
              select :task_ids::int[] as task_ids, :version_id::int as version_id
            ), ahead (task_id, version_id, lane_id, place, own_task, own, n) as (
              select r.task_id, r.version_id, r.lane_id, r.place, r.own_task,
                     r.own_task and r.version_id in (0, w.version_id),
                     (r.own_task and r.version_id in (0, w.version_id))::int
                from worker w
               cross join lateral (
                       select x.task_id, x.version_id, x.lane_id,
                              width_bucket(x.task_id, w.task_ids) as place,
                              x.task_id = any (w.task_ids) as own_task
                         from ready x
                        where x.environment_id = :environment
                          and (x.task_id, x.version_id, x.lane_id)
                              > (:after_task_id, :after_version_id, :after_lane_id)
                        order by x.task_id, x.version_id, x.lane_id
                        limit 1) as r
              union all
              select r.task_id, r.version_id, r.lane_id, r.place, r.own_task,
                     r.own_task and r.version_id in (0, w.version_id),
                     a.n + (r.own_task and r.version_id in (0, w.version_id))::int
                from ahead a
               cross join worker w
               cross join lateral (
                       -- behind an own lane; in front of the own version; of the next own task
                       select case when a.own or a.own_task and a.version_id < w.version_id
                                   then a.task_id else w.task_ids[a.place + 1] end as task_id,
                              case when a.own then a.version_id
                                   when a.own_task and a.version_id < w.version_id
                                   then w.version_id else 0 end as version_id,
                              case when a.own then a.lane_id else 0 end as lane_id) as b
               cross join lateral (
                       select x.task_id, x.version_id, x.lane_id,
                              width_bucket(x.task_id, w.task_ids) as place,
                              x.task_id = any (w.task_ids) as own_task
                         from ready x
                        where x.environment_id = :environment
                          and (x.task_id, x.version_id, x.lane_id)
                              > (b.task_id, b.version_id, b.lane_id)
                        order by x.task_id, x.version_id, x.lane_id
                        limit 1) as r
               where a.n < :lanes_max
            )
            select a.lane_id, l.task_id, l.version_id, t.slug as task, q.name as queue,
                   t.max_attempts, t.max_duration_ms,
                   (select count(*)
                      from (select
                              from ready r
                             where r.environment_id = l.environment_id
                               and r.task_id = l.task_id
                               and r.version_id = l.version_id
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
             where a.own
             order by a.task_id, a.version_id, a.lane_id
            """)
        .bind("task_ids", taskIds)
        .bind("version_id", versionId)
        .bind("after_task_id", after.equals(Position.START) ? taskIds[0] : after.taskId())
        .bind("after_version_id", after.versionId())
        .bind("after_lane_id", after.laneId())
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
                r.integer("depth"),
                r.integerOrNull("free_slots")));
  }

  /**
   * Returns up to {@code max} tasks with ready runs that a worker may not take: other tasks, or own
   * ones whose runs are locked to other versions. Costs an index probe for each task and version
   * with ready runs, of at most {@code probesMax}.
   */
  public List<Integer> tasksOfOthers(Tx tx, int[] taskIds, int versionId, int probesMax, int max) {
    return tx.sql(
            """
            with recursive ahead (task_id, version_id, n) as (
              (select r.task_id, r.version_id, 1
                 from ready r
                where r.environment_id = :environment
                order by r.task_id, r.version_id
                limit 1)
              union all
              select r.task_id, r.version_id, a.n + 1
                from ahead a
               cross join lateral (
                       select x.task_id, x.version_id
                         from ready x
                        where x.environment_id = :environment
                          and (x.task_id, x.version_id) > (a.task_id, a.version_id)
                        order by x.task_id, x.version_id
                        limit 1) as r
               where a.n < :probes_max
            )
            select distinct task_id
              from ahead
             where task_id <> all (:task_ids)
                or version_id not in (0, :version_id)
             limit :max
            """)
        .bind("task_ids", taskIds)
        .bind("version_id", versionId)
        .bind("probes_max", probesMax)
        .bind("max", max)
        .list(r -> r.integer("task_id"));
  }
}

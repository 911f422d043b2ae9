package dev.fanfare.server.queue;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Duration;
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

  /** Makes runs claimable again, in one statement; returns their tasks. */
  public Set<Integer> insertAll(Tx tx, List<Entry> entries) {
    return new HashSet<>(
        tx.sql(
                """
                insert into ready
                       (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt,
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
   * Deletes and returns the entries of these runs. The other runs of these entries get entries of
   * their own. Entries are locked in the order of the arrays. Waits for claims that have locked
   * some; a run that such a claim takes is not returned.
   */
  public List<Entry> delete(Tx tx, long[] laneIds, long[] ranks, UUID[] runIds) {
    return tx.sql(
            """
            with hit as materialized (
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
                          and x.rank > e.rank - :runs_max
                          and x.rank <= e.rank
                          and (x.last_id = e.run_id
                               or (x.floor_id < e.run_id and x.last_id > e.run_id))
                        order by x.rank desc, x.last_id desc
                        limit 1
                          for update) as y
            ), gone as (
              delete from ready
               where environment_id is not distinct from :environment -- not for an index
                 and ctid = any (array(select address from hit))
              returning *
            ), apart as materialized (
              select g.task_id, g.version_id, g.lane_id, g.rank, g.last_id as run_id, g.fence,
                     g.attempt, g.losses, g.first_started_at
                from gone g
               where g.n = 1
              union all
              select g.task_id, g.version_id, g.lane_id, r.rank, r.run_id, 0, 0, 0, null
                from gone g
               cross join lateral (
                       select x.rank, x.run_id
                         from runs x
                        where x.environment_id = :environment
                          and x.run_id > g.floor_id
                          and x.run_id <= g.last_id
                          and within(x.run_id, :run_ids)
                        limit :runs_max) as r
               where g.n > 1
            ), kept as (
              insert into ready
                     (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt,
                      losses)
              select :environment, a.task_id, a.version_id, a.lane_id, a.rank, a.run_id, 0, 0, 0
                from apart a
               where a.run_id <> all (:run_ids)
            )
            select run_id, lane_id, rank, fence, attempt, losses, first_started_at
              from apart
             where run_id = any (:run_ids)
            """)
        .bind("runs_max", FreshRunStore.RUNS_MAX)
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
   * @param entries how many runs each of its first entries has, at least as many as {@code depth}
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
      List<Integer> entries,
      @Nullable Integer freeSlots) {

    private static int sum(List<Integer> numbers) {
      return numbers.stream().mapToInt(Integer::intValue).sum();
    }

    /** How many of its entries contain so many runs. */
    public int entriesFor(int runs) {
      int n = 0;
      for (int left = runs; left > 0 && n < entries.size(); n++) {
        left -= entries.get(n);
      }
      return n;
    }

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
            ), ahead (task_id, version_id, lane_id, runs, place, own_task, own, n) as (
              select r.task_id, r.version_id, r.lane_id, r.runs, r.place, r.own_task,
                     r.own_task and r.version_id in (0, w.version_id),
                     (r.own_task and r.version_id in (0, w.version_id))::int
                from worker w
               cross join lateral (
                       select x.task_id, x.version_id, x.lane_id, x.n as runs,
                              width_bucket(x.task_id, w.task_ids) as place,
                              x.task_id = any (w.task_ids) as own_task
                         from ready x
                        where x.environment_id = :environment
                          and (x.task_id, x.version_id, x.lane_id)
                              > (:after_task_id, :after_version_id, :after_lane_id)
                        order by x.task_id, x.version_id, x.lane_id
                        limit 1) as r
              union all
              select r.task_id, r.version_id, r.lane_id, r.runs, r.place, r.own_task,
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
                       select x.task_id, x.version_id, x.lane_id, x.n as runs,
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
                   (select array_agg(r.n)
                      from (select r.n
                              from ready r
                             where r.environment_id = l.environment_id
                               and r.task_id = l.task_id
                               and r.version_id = l.version_id
                               and r.lane_id = l.lane_id
                             order by r.rank, r.last_id
                             limit case when a.runs = 1 then :depth_max
                                        else :depth_max / 4 + 1 end) as r) as entries,
                   case when q.concurrency_limit is not null
                        then greatest(0, q.concurrency_limit - coalesce(s.in_use, 0)) end as free_slots
              from ahead a
             cross join lateral (
                     select x.environment_id, x.lane_id, x.task_id, x.version_id, x.queue_id,
                            x.concurrency_key
                       from lanes x
                      where x.environment_id = :environment
                        and x.lane_id = a.lane_id
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
              left join lateral (
                     select x.in_use
                       from slots x
                      where q.concurrency_limit is not null
                        and x.environment_id = :environment
                        and x.queue_id = l.queue_id
                        and x.concurrency_key = l.concurrency_key
                      limit 1) as s on true
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
                Math.min(depthMax, ClaimableLane.sum(r.integers("entries"))),
                r.integers("entries"),
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

package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/** SQL of {@code parked}: runs whose task no worker has declared. */
public final class ParkedStore {
  /** The environments with parked runs of tasks that a worker has declared. */
  public static final String DUE =
      """
      select t.environment_id, now() as at
        from tasks t
       cross join lateral (
               select true as found
                 from parked x
                where x.environment_id = t.environment_id
                  and x.task_id = t.task_id
                limit 1) as d
       where t.registered_at is not null
      """;

  private final ExpiryStore expiryStore = new ExpiryStore();

  /** A task, and the id that triggers and workers use for it. */
  public record Undeclared(int taskId, String slug) {}

  /**
   * Returns up to {@code max} tasks with ready runs that no worker has declared. Costs one index
   * probe for each task with ready runs, however many there are.
   */
  public List<Undeclared> undeclared(Tx tx, int max) {
    return tx.sql(
            """
            with recursive ahead (task_id) as (
              (select r.task_id
                 from ready r
                where r.environment_id = :environment
                order by r.task_id
                limit 1)
              union all
              select r.task_id
                from ahead a
               cross join lateral (
                       select x.task_id
                         from ready x
                        where x.environment_id = :environment
                          and x.task_id > a.task_id
                        order by x.task_id
                        limit 1) as r
            )
            select t.task_id, t.slug
              from ahead a
             cross join lateral (
                     select x.task_id, x.slug
                       from tasks x
                      where x.environment_id = :environment
                        and x.task_id = a.task_id
                        and x.registered_at is null
                      limit 1) as t
             limit :max
            """)
        .bind("max", max)
        .list(r -> new Undeclared(r.integer("task_id"), r.text("slug")));
  }

  /**
   * Parks about {@code max} runs of a task, whole entries, if no worker has declared it; returns
   * how many. The task's row stays locked until the transaction ends: a worker that declares the
   * task at the same time either commits before, so that nothing is parked, or releases what was
   * parked. Skips rows that another transaction has locked.
   */
  public int park(Tx tx, int taskId, int max) {
    return tx.sql(
            """
            with undeclared as materialized (
              select t.environment_id, t.task_id
                from tasks t
               where t.environment_id = :environment
                 and t.task_id = :task_id
                 and t.registered_at is null
                 for share of t skip locked
            ), taken as (
              delete from ready
               where environment_id is not distinct from :environment -- not for an index
                 and ctid = any (array(
                       select r.address
                         from undeclared u
                        cross join lateral (
                                select y.ctid as address
                                  from ready y
                                 where y.environment_id is not distinct from u.environment_id
                                   and y.ctid = any (array(
                                         select c.address
                                           from (select x.ctid as address,
                                                        sum(x.n) over (
                                                          order by x.version_id, x.lane_id, x.rank,
                                                                   x.last_id) - x.n as before
                                                   from ready x
                                                  where x.environment_id = u.environment_id
                                                    and x.task_id = u.task_id
                                                  order by x.version_id, x.lane_id, x.rank, x.last_id
                                                  limit :max) as c
                                          where c.before < :max))
                                   for update skip locked) as r))
              returning environment_id, task_id, rank, last_id, lane_id, n, floor_id
            )
            insert into parked (environment_id, task_id, rank, run_id, lane_id)
            select t.environment_id, t.task_id, t.rank, t.last_id, t.lane_id
              from taken t
             where t.n = 1
            union all
            select t.environment_id, t.task_id, r.rank, r.run_id, t.lane_id
              from taken t
             cross join lateral (
                     select x.rank, x.run_id
                       from runs x
                      where x.environment_id = t.environment_id
                        and x.run_id > t.floor_id
                        and x.run_id <= t.last_id
                      limit :runs_max) as r
             where t.n > 1
            """)
        .bind("task_id", taskId)
        .bind("max", max)
        .bind("runs_max", FreshRunStore.RUNS_MAX)
        .update();
  }

  /**
   * Deletes and returns the entries of these runs, in the order of the arrays. Waits for
   * transactions that have locked some.
   */
  public List<Entry> delete(Tx tx, int[] taskIds, long[] ranks, UUID[] runIds) {
    return tx.sql(
            """
            delete from parked
             where environment_id is not distinct from :environment -- not for an index
               and ctid = any (array(
                     select y.address
                       from unnest(:task_ids::int[], :ranks::int8[], :run_ids::uuid[])
                            as e (task_id, rank, run_id)
                      cross join lateral (
                              select x.ctid as address
                                from parked x
                               where x.environment_id = :environment
                                 and x.task_id = e.task_id
                                 and x.rank = e.rank
                                 and x.run_id = e.run_id
                               limit 1
                                 for update) as y))
            returning run_id, lane_id, rank
            """)
        .bind("task_ids", taskIds)
        .bind("ranks", ranks)
        .bind("run_ids", runIds)
        .list(r -> Entry.fresh(r.uuid("run_id"), r.bigint("lane_id"), r.bigint("rank")));
  }

  /** Those of these tasks that have parked runs. */
  public List<Integer> parkedTasks(Tx tx, Collection<Integer> taskIds) {
    return tx.sql(
            """
            select t.task_id
              from unnest(:task_ids::int[]) as t (task_id)
             cross join lateral (
                     select x.run_id
                       from parked x
                      where x.environment_id = :environment
                        and x.task_id = t.task_id
                      limit 1) as p
            """)
        .ints("task_ids", taskIds)
        .list(r -> r.integer("task_id"));
  }

  /**
   * Releases up to {@code max} parked runs of a task, at their old ranks; returns how many. Their
   * times to live start again.
   */
  public int release(Tx tx, int taskId, int max) {
    List<Entry> released =
        tx.sql(
                """
                with released as (
                  delete from parked
                   where environment_id is not distinct from :environment -- not for an index
                     and ctid = any (array(
                           select ctid
                             from parked
                            where environment_id = :environment
                              and task_id = :task_id
                            order by rank, run_id
                            limit :max
                              for update skip locked))
                  returning environment_id, lane_id, rank, run_id
                )
                insert into ready
                       (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt,
                        losses)
                select p.environment_id, :task_id, l.version_id, p.lane_id, p.rank, p.run_id, 0, 0, 0
                  from released p
                 left join lateral (
                         select x.version_id
                           from lanes x
                          where x.environment_id = p.environment_id
                            and x.lane_id = p.lane_id
                          limit 1) as l on true -- without a lane it fails: nothing is lost
                returning last_id as run_id, lane_id, rank
                """)
            .bind("task_id", taskId)
            .bind("max", max)
            .list(r -> Entry.fresh(r.uuid("run_id"), r.bigint("lane_id"), r.bigint("rank")));
    if (!released.isEmpty()) {
      expiryStore.restart(tx, released, tx.now());
    }
    return released.size();
  }

  /** Returns the declared tasks that still have parked runs. */
  public List<Integer> releasable(Tx tx) {
    return tx.sql(
            """
            select t.task_id
              from tasks t
             where t.environment_id = :environment
               and t.registered_at is not null
               and exists (select
                             from parked p
                            where p.environment_id = t.environment_id
                              and p.task_id = t.task_id)
            """)
        .list(r -> r.integer("task_id"));
  }
}

package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * SQL of {@code task_queues} and {@code queues} that nobody uses any more. {@link RetireSweep} says
 * how they go.
 */
final class IdleQueueStore {
  /**
   * When a name of each environment was checked that was not for the longest time. {@code
   * version_tasks} are checked every 30 days, the others every day.
   */
  static final String DUE =
      """
      select e.environment_id, d.checked_at as at
        from environments e
       cross join lateral (
               select x.checked_at
                 from queues x
                where x.environment_id = e.environment_id
                order by x.checked_at
                limit 1) as d
      union all
      select e.environment_id, d.checked_at as at
        from environments e
       cross join lateral (
               select x.checked_at
                 from task_queues x
                where x.environment_id = e.environment_id
                order by x.checked_at
                limit 1) as d
      union all
      select e.environment_id, d.checked_at as at
        from environments e
       cross join lateral (
               select x.checked_at
                 from tasks x
                where x.environment_id = e.environment_id
                order by x.checked_at
                limit 1) as d
      union all
      select e.environment_id, d.checked_at as at
        from environments e
       cross join lateral (
               select x.checked_at
                 from versions x
                where x.environment_id = e.environment_id
                order by x.checked_at
                limit 1) as d
      union all
      select e.environment_id, d.checked_at + interval '29 days' as at
        from environments e
       cross join lateral (
               select x.checked_at
                 from version_tasks x
                where x.environment_id = e.environment_id
                order by x.checked_at
                limit 1) as d
      """;

  /**
   * Checks up to {@code max} rows of {@code task_queues} that were not checked since {@code
   * before}, and returns their number. One is in use while it has a lane or a run. One that is not
   * is marked as idle, or deleted if it was idle. For a row of a version, every run that is locked
   * to the version counts.
   */
  int checkTaskQueues(Tx tx, Instant before, Instant now, int max) {
    return Objects.requireNonNull(
        tx.sql(
                """
                with due as materialized (
                  select p.ctid as address, p.task_id, p.queue_id, p.version_id, p.idle
                    from task_queues p
                   where p.environment_id = :environment
                     and p.checked_at <= :before
                   order by p.checked_at
                   limit :max
                     for update skip locked
                ), looked as materialized (
                  select d.*,
                         (case when d.version_id = 0
                               then (select true
                                       from runs r
                                      where r.environment_id = :environment
                                        and r.task_id = d.task_id
                                        and r.queue_id = d.queue_id
                                      limit 1)
                               else (select true
                                       from runs r
                                      where r.environment_id = :environment
                                        and r.version_id = d.version_id
                                      limit 1)
                           end) is true
                         or (select (l.task_id, l.queue_id, l.version_id)
                                    = (d.task_id, d.queue_id, d.version_id)
                               from lanes l
                              where l.environment_id = :environment
                                and (l.task_id, l.queue_id, l.version_id)
                                    >= (d.task_id, d.queue_id, d.version_id)
                              order by l.task_id, l.queue_id, l.version_id -- for lanes_by_task
                              limit 1) is true as in_use
                    from due d
                ), retired as (
                  delete from task_queues
                   where environment_id is not distinct from :environment -- not for an index
                     and ctid = any (array(select l.address
                                             from looked l
                                            where l.idle
                                              and not l.in_use))
                ), marked as (
                  update task_queues
                     set idle = true, checked_at = :now
                   where environment_id is not distinct from :environment -- not for an index
                     and ctid = any (array(select l.address
                                             from looked l
                                            where not l.idle
                                              and not l.in_use))
                ), kept as (
                  update task_queues
                     set idle = false, checked_at = :now
                   where environment_id is not distinct from :environment -- not for an index
                     and ctid = any (array(select l.address
                                             from looked l
                                            where l.in_use))
                )
                select count(*)::int as n
                  from looked
                """)
            .bind("before", before)
            .bind("now", now)
            .bind("max", max)
            .first(r -> r.integer("n")));
  }

  /**
   * Locks and returns up to {@code max} queues that were not checked since {@code before}. Skips
   * those to which another transaction is just adding a row that refers to them.
   */
  List<Integer> lockUncheckedQueues(Tx tx, Instant before, int max) {
    return tx.sql(
            """
            select queue_id
              from queues
             where environment_id = :environment
               and checked_at <= :before
             order by checked_at
             limit :max
               for update skip locked
            """)
        .bind("before", before)
        .bind("max", max)
        .list(r -> r.integer("queue_id"));
  }

  /** Deletes those of these locked queues to which nothing refers; notes a check of the others. */
  void checkQueues(Tx tx, List<Integer> queueIds, Instant now) {
    tx.sql(
            """
            with retired as (
              delete from queues q
               where q.environment_id = :environment
                 and q.queue_id = any (:queue_ids)
                 and (select true
                        from task_queues p
                       where p.environment_id = q.environment_id
                         and p.queue_id = q.queue_id
                       limit 1) is null
                 and (select true
                        from tasks t
                       where t.environment_id = q.environment_id
                         and t.queue_id = q.queue_id
                       limit 1) is null
                 and (select true
                        from version_tasks d
                       where d.environment_id = q.environment_id
                         and d.queue_id = q.queue_id
                       limit 1) is null
                 and (select true
                        from slots s
                       where s.environment_id = q.environment_id
                         and s.queue_id = q.queue_id
                       limit 1) is null
              returning q.queue_id
            )
            update queues q
               set checked_at = :now
             where q.environment_id = :environment
               and q.queue_id = any (:queue_ids)
               and q.queue_id <> all (array(select r.queue_id from retired r))
            """)
        .ints("queue_ids", queueIds)
        .bind("now", now)
        .update();
  }
}

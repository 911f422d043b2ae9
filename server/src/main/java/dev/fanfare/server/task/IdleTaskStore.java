package dev.fanfare.server.task;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * SQL of {@code version_tasks}, {@code versions} and {@code tasks} that nobody uses any more. The
 * sweep that calls it says how they go.
 */
public final class IdleTaskStore {

  /**
   * Checks up to {@code max} rows of {@code version_tasks} that were not checked since {@code
   * before}, and returns their number. One is in use while a session of the version has the task,
   * and while there may be runs that are locked to them. One that is not is marked as idle, or
   * deleted if it was idle.
   */
  public int checkVersionTasks(Tx tx, Instant before, Instant now, int max) {
    return Objects.requireNonNull(
        tx.sql(
                """
                with due as materialized (
                  select d.ctid as address, d.version_id, d.task_id, d.idle
                    from version_tasks d
                   where d.environment_id = :environment
                     and d.checked_at <= :before
                   order by d.checked_at
                   limit :max
                     for update skip locked
                ), present as materialized (            -- many workers declare the same
                  select distinct s.version_id, u.task_id
                    from (select distinct x.version_id, x.task_ids
                            from sessions x
                           where x.environment_id = :environment) as s
                   cross join lateral unnest(s.task_ids) as u (task_id)
                ), looked as materialized (
                  select d.*,
                         (d.version_id, d.task_id) in (select p.version_id, p.task_id from present p)
                         or (select true
                               from task_queues q
                              where q.environment_id = :environment
                                and q.task_id = d.task_id
                                and q.version_id = d.version_id
                              limit 1) is true as in_use
                    from due d
                ), retired as (
                  delete from version_tasks
                   where environment_id is not distinct from :environment -- not for an index
                     and ctid = any (array(select l.address
                                             from looked l
                                            where l.idle
                                              and not l.in_use))
                ), marked as (
                  update version_tasks
                     set idle = true, checked_at = :now
                   where environment_id is not distinct from :environment -- not for an index
                     and ctid = any (array(select l.address
                                             from looked l
                                            where not l.idle
                                              and not l.in_use))
                ), kept as (
                  update version_tasks
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
   * Locks and returns up to {@code max} versions that were not checked since {@code before}. Skips
   * those to which another transaction is just adding a row that refers to them.
   */
  public List<Integer> lockUncheckedVersions(Tx tx, Instant before, int max) {
    return tx.sql(
            """
            select version_id
              from versions
             where environment_id = :environment
               and checked_at <= :before
             order by checked_at
             limit :max
               for update skip locked
            """)
        .bind("before", before)
        .bind("max", max)
        .list(r -> r.integer("version_id"));
  }

  /**
   * Deletes those of these locked versions that have neither tasks nor sessions nor runs; notes a
   * check of the others. A run that is held has a session.
   */
  public void checkVersions(Tx tx, List<Integer> versionIds, Instant now) {
    tx.sql(
            """
            with retired as (
              delete from versions v
               where v.environment_id = :environment
                 and v.version_id = any (:version_ids)
                 and v.version_id <> all (array(select distinct s.version_id
                                                  from sessions s
                                                 where s.environment_id = :environment))
                 and (select true
                        from version_tasks d
                       where d.environment_id = v.environment_id
                         and d.version_id = v.version_id
                       limit 1) is null
                 and (select true
                        from task_queues p
                       where p.environment_id = v.environment_id
                         and p.locked_version_id = v.version_id
                       limit 1) is null
                 and (select true
                        from runs r
                       where r.environment_id = v.environment_id
                         and r.version_id = v.version_id
                       limit 1) is null
                 and (select true
                        from outcomes o
                       where o.environment_id = v.environment_id
                         and o.version_id = v.version_id
                       limit 1) is null
              returning v.version_id
            )
            update versions v
               set checked_at = :now
             where v.environment_id = :environment
               and v.version_id = any (:version_ids)
               and v.version_id <> all (array(select r.version_id from retired r))
            """)
        .ints("version_ids", versionIds)
        .bind("now", now)
        .update();
  }

  /** As {@link #lockUncheckedVersions}, for tasks. */
  public List<Integer> lockUncheckedTasks(Tx tx, Instant before, int max) {
    return tx.sql(
            """
            select task_id
              from tasks
             where environment_id = :environment
               and checked_at <= :before
             order by checked_at
             limit :max
               for update skip locked
            """)
        .bind("before", before)
        .bind("max", max)
        .list(r -> r.integer("task_id"));
  }

  /** Deletes those of these locked tasks to which nothing refers; notes a check of the others. */
  public void checkTasks(Tx tx, List<Integer> taskIds, Instant now) {
    tx.sql(
            """
            with retired as (
              delete from tasks t
               where t.environment_id = :environment
                 and t.task_id = any (:task_ids)
                 and (select true
                        from task_queues p
                       where p.environment_id = t.environment_id
                         and p.task_id = t.task_id
                       limit 1) is null
                 and (select true
                        from version_tasks d
                       where d.environment_id = t.environment_id
                         and d.task_id = t.task_id
                       limit 1) is null
              returning t.task_id
            )
            update tasks t
               set checked_at = :now
             where t.environment_id = :environment
               and t.task_id = any (:task_ids)
               and t.task_id <> all (array(select r.task_id from retired r))
            """)
        .ints("task_ids", taskIds)
        .bind("now", now)
        .update();
  }
}

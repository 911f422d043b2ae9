package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Statement;
import dev.fanfare.server.db.Tx;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A condition that a filter can have, and the statement that finds candidates: the runs that meet
 * this one condition. Each statement reads an index in the order of the ids, once for each value,
 * and stops after {@code :max} entries.
 *
 * <p>Whatever the statistics say, no other index may be chosen, with which all runs would be read.
 * So where a table has other indexes, a statement asks for the order of the whole index, whose
 * first columns it compares as a row: no other index has that order, and sorting is the planner's
 * last choice ({@link dev.fanfare.server.db.Database#list}). The bounds on the id alone leave out
 * partitions.
 *
 * <p>The constants are in the order in which a search tries them: those with few runs first.
 */
enum Condition {
  /** The run answers an item of a batch. */
  BATCH(
      """
      select distinct c.run_id
        from batches b
       cross join lateral unnest(b.first_ids, coalesce(b.last_ids, b.first_ids))
             as i (first_id, last_id)
       cross join lateral (
               select r.run_id
                 from runs r
                where r.environment_id = :environment
                  and r.run_id >= i.first_id
                  and r.run_id <= i.last_id
                  and r.run_id >= :least
                  and r.run_id < :before
                order by r.run_id desc
                limit :max) as c
       where b.environment_id = :environment
         and b.batch_id = any (:values::uuid[])
       order by c.run_id desc
       limit :max
      """),

  /** The run has one of these tags. */
  TAG(
      """
      select distinct c.run_id
        from unnest(:values::text[]) as v (tag)
       cross join lateral (
               select g.run_id
                 from run_tags g
                where g.environment_id = :environment
                  and g.tag = v.tag
                  and g.run_id >= :least
                  and g.run_id < :before
                order by g.run_id desc
                limit :max) as c
       order by c.run_id desc
       limit :max
      """),

  /** The run was triggered with one of these machines. */
  MACHINE(
      """
      select distinct c.run_id
        from unnest(:values::text[]) as v (machine)
       cross join lateral (
               select r.run_id
                 from runs r
                where r.environment_id = :environment
                  and r.options::json ->> 'machine' is not null
                  and (r.options::json ->> 'machine', r.run_id) >= (v.machine, :least)
                  and (r.options::json ->> 'machine', r.run_id) < (v.machine, :before)
                  and r.run_id >= :least
                  and r.run_id < :before
                order by r.options::json ->> 'machine' desc, r.run_id desc
                limit :max) as c
       order by c.run_id desc
       limit :max
      """),

  /** The run was triggered with one of these regions. */
  REGION(
      """
      select distinct c.run_id
        from unnest(:values::text[]) as v (region)
       cross join lateral (
               select r.run_id
                 from runs r
                where r.environment_id = :environment
                  and r.options::json ->> 'region' is not null
                  and (r.options::json ->> 'region', r.run_id) >= (v.region, :least)
                  and (r.options::json ->> 'region', r.run_id) < (v.region, :before)
                  and r.run_id >= :least
                  and r.run_id < :before
                order by r.options::json ->> 'region' desc, r.run_id desc
                limit :max) as c
       order by c.run_id desc
       limit :max
      """),

  /** The run is a test. Its opposite selects nearly all runs, so it has no statement. */
  TEST(
      """
      select r.run_id
        from runs r
       where r.environment_id = :environment
         and r.is_test is not false                 -- also in the order, unlike a constant
         and r.run_id >= :least
         and r.run_id < :before
       order by r.is_test desc, r.run_id desc
       limit :max
      """),

  /** The run is locked to one of these versions or was executed by one, in the filter's status. */
  VERSION(
      """
      select distinct c.run_id
        from versions v
       cross join lateral (
               select x.run_id
                 from unnest(coalesce(:statuses::run_status[], enum_range(null::run_status)))
                      as s (status)
                cross join lateral (
                        select o.run_id
                          from outcomes o
                         where o.environment_id = :environment
                           and (o.version_id, o.status, o.run_id)
                               >= (v.version_id, s.status, :least)
                           and (o.version_id, o.status, o.run_id)
                               < (v.version_id, s.status, :before)
                           and o.run_id >= :least
                           and o.run_id < :before
                         order by o.version_id desc, o.status desc, o.run_id desc
                         limit :max) as x
               union all
               (select l.run_id
                  from leases l
                 where l.environment_id = :environment
                   and l.version_id = v.version_id
                   and l.run_id >= :least
                   and l.run_id < :before
                 order by l.run_id desc
                 limit :max)
               union all
               (select r.run_id
                  from runs r
                 where r.environment_id = :environment
                   and r.version_id is not null
                   and (r.version_id, r.run_id) >= (v.version_id, :least)
                   and (r.version_id, r.run_id) < (v.version_id, :before)
                   and r.run_id >= :least
                   and r.run_id < :before
                 order by r.version_id desc, r.run_id desc
                 limit :max)) as c
       where v.environment_id = :environment
         and v.version = any (:values::text[])
       order by c.run_id desc
       limit :max
      """),

  /**
   * The run is, or was, in one of these queues, and of one of the filter's tasks if it has some.
   */
  QUEUE(
      """
      select c.run_id
        from (select distinct n.task_id, n.queue_id
                from queues q
                join task_queues n on n.environment_id = q.environment_id
                                  and n.queue_id = q.queue_id
               where q.environment_id = :environment
                 and q.name = any (:values::text[])
                 and (:tasks::text[] is null
                      or n.task_id = any (array(
                            select t.task_id
                              from tasks t
                             where t.environment_id = :environment
                               and t.slug = any (:tasks::text[]))))) as t
       cross join lateral (
               select r.run_id
                 from runs r
                where r.environment_id = :environment
                  and (r.task_id, r.queue_id, r.run_id) >= (t.task_id, t.queue_id, :least)
                  and (r.task_id, r.queue_id, r.run_id) < (t.task_id, t.queue_id, :before)
                  and r.run_id >= :least
                  and r.run_id < :before
                order by r.task_id desc, r.queue_id desc, r.run_id desc
                limit :max) as c
       order by c.run_id desc
       limit :max
      """),

  /** The run is of one of these tasks, and in one of the filter's queues if it has some. */
  TASK(
      """
      select c.run_id
        from (select distinct n.task_id, n.queue_id
                from tasks t
                join task_queues n on n.environment_id = t.environment_id
                                  and n.task_id = t.task_id
               where t.environment_id = :environment
                 and t.slug = any (:values::text[])
                 and (:queues::text[] is null
                      or n.queue_id = any (array(
                            select q.queue_id
                              from queues q
                             where q.environment_id = :environment
                               and q.name = any (:queues::text[]))))) as t
       cross join lateral (
               select r.run_id
                 from runs r
                where r.environment_id = :environment
                  and (r.task_id, r.queue_id, r.run_id) >= (t.task_id, t.queue_id, :least)
                  and (r.task_id, r.queue_id, r.run_id) < (t.task_id, t.queue_id, :before)
                  and r.run_id >= :least
                  and r.run_id < :before
                order by r.task_id desc, r.queue_id desc, r.run_id desc
                limit :max) as c
       order by c.run_id desc
       limit :max
      """),

  /**
   * The run has one of these statuses. Final ones are found for each version that has outcomes;
   * those versions are found by one probe each. {@code ready} and {@code parked} are not in the
   * order of the ids, so all their entries are read, or those of the filter's tasks.
   */
  STATUS(
      """
      with recursive executed as (
        (select o.version_id
           from outcomes o
          where o.environment_id = :environment
          order by o.version_id
          limit 1)
        union all
        select (select o.version_id
                  from outcomes o
                 where o.environment_id = :environment
                   and o.version_id > e.version_id
                 order by o.version_id
                 limit 1)
          from executed e
         where e.version_id is not null
      )
      select c.run_id
        from (select x.run_id
                from executed e
               cross join unnest(:values::run_status[]) as v (status)
               cross join lateral (
                       select o.run_id
                         from outcomes o
                        where o.environment_id = :environment
                          and (o.version_id, o.status, o.run_id)
                              >= (e.version_id, v.status, :least)
                          and (o.version_id, o.status, o.run_id)
                              < (e.version_id, v.status, :before)
                          and o.run_id >= :least
                          and o.run_id < :before
                        order by o.version_id desc, o.status desc, o.run_id desc
                        limit :max) as x
              union all
              (select l.run_id
                 from leases l
                where l.environment_id = :environment
                  and case when l.canceled_at is not null then 'CANCELED'
                           when l.started_at is not null then 'EXECUTING'
                           else 'DEQUEUED' end = any (:values::text[])
                  and l.run_id >= :least
                  and l.run_id < :before
                order by l.run_id desc
                limit :max)
              union all
              (select d.run_id
                 from delays d
                where d.environment_id = :environment
                  and case when d.fence = 0 then 'DELAYED' else 'QUEUED' end
                      = any (:values::text[])
                  and d.run_id >= :least
                  and d.run_id < :before
                order by d.run_id desc
                limit :max)
              union all
              (select p.run_id
                 from parked p
                where p.environment_id = :environment
                  and 'PENDING_VERSION' = any (:values::text[])
                  and (:tasks::text[] is null
                       or p.task_id = any (array(
                             select t.task_id
                               from tasks t
                              where t.environment_id = :environment
                                and t.slug = any (:tasks::text[]))))
                  and p.run_id >= :least
                  and p.run_id < :before
                order by p.run_id desc
                limit :max)
              union all
              (select r.run_id
                 from (select y.last_id, y.floor_id, y.n
                         from ready y
                        where y.environment_id = :environment
                          and 'QUEUED' = any (:values::text[])
                          and (:tasks::text[] is null
                               or y.task_id = any (array(
                                     select t.task_id
                                       from tasks t
                                      where t.environment_id = :environment
                                        and t.slug = any (:tasks::text[]))))
                          and y.last_id >= :least
                          and coalesce(y.floor_id, y.last_id) < :before
                        order by y.last_id desc
                        limit :max) as y
                cross join lateral (
                        select y.last_id as run_id
                         where y.n = 1
                        union all
                        select x.run_id
                          from runs x
                         where y.n > 1
                           and x.environment_id = :environment
                           and x.run_id > y.floor_id
                           and x.run_id <= y.last_id
                           and x.run_id >= :least
                           and x.run_id < :before) as r
                order by r.run_id desc
                limit :max)) as c
       order by c.run_id desc
       limit :max
      """),

  /** The run was created in this time. It has no other condition with a statement. */
  ANY(
      """
      select r.run_id
        from runs r
       where r.environment_id = :environment
         and (:test::bool is null or r.is_test = :test::bool)
         and (:created_from::timestamptz is null or r.created_at >= :created_from::timestamptz)
         and (:created_to::timestamptz is null or r.created_at <= :created_to::timestamptz)
         and r.run_id >= :least
         and r.run_id < :before
       order by r.run_id desc
       limit :max
      """);

  private final String newestFirst;
  private final String oldestFirst;

  Condition(String newestFirst) {
    this.newestFirst = newestFirst;
    this.oldestFirst = newestFirst.replaceAll("\\bdesc\\b", "asc");
  }

  /** The conditions of a filter, or {@link #ANY} if it has none of the others. */
  static List<Condition> of(RunFilter filter) {
    List<Condition> conditions =
        Arrays.stream(values())
            .filter(condition -> condition != ANY && condition.isIn(filter))
            .toList();
    return conditions.isEmpty() ? List.of(ANY) : conditions;
  }

  private boolean isIn(RunFilter filter) {
    return this == TEST ? Boolean.TRUE.equals(filter.test()) : !values(filter).isEmpty();
  }

  /** The values that a run may have; empty for a condition that has none. */
  private List<String> values(RunFilter filter) {
    return switch (this) {
      case BATCH -> texts(filter.batchId());
      case TAG -> filter.tags();
      case MACHINE -> filter.machines();
      case REGION -> filter.regions();
      case VERSION -> filter.versions();
      case QUEUE -> filter.queues();
      case TASK -> filter.tasks();
      case STATUS -> filter.statuses().stream().map(RunStatus::name).distinct().toList();
      case TEST, ANY -> List.of();
    };
  }

  private static String @Nullable [] arrayOrNull(List<String> values) {
    return values.isEmpty() ? null : values.toArray(String[]::new);
  }

  private static List<String> texts(@Nullable UUID id) {
    return id == null ? List.of() : List.of(id.toString());
  }

  /** The first {@code max} candidates in a range; fewer: there are no more. */
  List<UUID> candidates(Tx tx, RunFilter filter, IdRange range, int max) {
    Statement statement = tx.sql(range.isNewestFirst() ? newestFirst : oldestFirst);
    switch (this) {
      case TEST -> {}
      case ANY ->
          statement
              .bind("test", filter.test())
              .bind("created_from", filter.createdFrom())
              .bind("created_to", filter.createdTo());
      case STATUS, QUEUE ->
          statement.texts("values", values(filter)).bind("tasks", arrayOrNull(TASK.values(filter)));
      case TASK ->
          statement
              .texts("values", values(filter))
              .bind("queues", arrayOrNull(QUEUE.values(filter)));
      case VERSION ->
          statement
              .texts("values", values(filter))
              .bind("statuses", arrayOrNull(STATUS.values(filter)));
      default -> statement.texts("values", values(filter));
    }
    return statement
        .bind("least", range.least())
        .bind("before", range.before())
        .bind("max", max)
        .list(r -> r.uuid("run_id"));
  }
}

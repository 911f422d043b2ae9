package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Tx;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL that tests candidates of a list against the whole filter, without reading their texts. */
final class RunListQueries {

  /**
   * Those of the candidates that match the filter, in the same order; at most {@code max}.
   *
   * @param range contains the candidates
   */
  List<SizedRun> matching(Tx tx, RunFilter filter, List<UUID> candidates, IdRange range, int max) {
    return tx.sql(
            """
            select r.run_id,
                   coalesce((select octet_length(m.metadata)
                               from run_metadata m
                              where m.environment_id = :environment
                                and m.run_id = r.run_id
                                and m.run_id >= :least
                                and m.run_id < :before), 0)
                     + coalesce(octet_length(r.options), 0) as bytes
              from unnest(:run_ids::uuid[]) with ordinality as i (run_id, n)
             cross join lateral (
                     select x.run_id, x.task_id, x.queue_id, x.version_id, x.rank, x.created_at,
                            x.is_test, x.tags, x.options
                       from runs x
                      where x.environment_id = :environment
                        and x.run_id = i.run_id
                        and x.run_id >= :least
                        and x.run_id < :before
                      limit 1) as r
             where (:tasks::text[] is null
                    or r.task_id = any (array(
                          select t.task_id
                            from tasks t
                           where t.environment_id = :environment
                             and t.slug = any (:tasks::text[]))))
               and (:tags::text[] is null or r.tags && :tags::text[])
               and (:queues::text[] is null
                    or r.queue_id = any (array(
                          select q.queue_id
                            from queues q
                           where q.environment_id = :environment
                             and q.name = any (:queues::text[]))))
               and (:batch_id::uuid is null
                    or exists (
                         select
                           from batches b
                          cross join lateral unnest(b.first_ids, coalesce(b.last_ids, b.first_ids))
                                as i (first_id, last_id)
                          where b.environment_id = :environment
                            and b.batch_id = :batch_id::uuid
                            and r.run_id >= i.first_id
                            and r.run_id <= i.last_id))
               and (:machines::text[] is null
                    or (r.options::json ->> 'machine') = any (:machines::text[]))
               and (:regions::text[] is null
                    or (r.options::json ->> 'region') = any (:regions::text[]))
               and (:test::bool is null or r.is_test = :test::bool)
               and (:created_from::timestamptz is null
                    or r.created_at >= :created_from::timestamptz)
               and (:created_to::timestamptz is null
                    or r.created_at <= :created_to::timestamptz)
               and (:statuses::text[] is null
                    or coalesce(
                         (select o.status::text
                            from outcomes o
                           where o.environment_id = :environment
                             and o.run_id = r.run_id
                             and o.run_id >= :least
                             and o.run_id < :before),
                         (select case when l.canceled_at is not null then 'CANCELED'
                                      when l.started_at is not null then 'EXECUTING'
                                      else 'DEQUEUED' end
                            from leases l
                           where l.environment_id = :environment
                             and l.run_id = r.run_id),
                         (select case when d.fence = 0 then 'DELAYED' else 'QUEUED' end
                            from delays d
                           where d.environment_id = :environment
                             and d.run_id = r.run_id),
                         (select 'PENDING_VERSION'
                            from parked p
                           where p.environment_id = :environment
                             and p.task_id = r.task_id
                             and p.rank = r.rank
                             and p.run_id = r.run_id),
                         'QUEUED') = any (:statuses::text[]))
               and (:versions::text[] is null
                    or coalesce(
                         r.version_id,
                         (select o.version_id
                            from outcomes o
                           where o.environment_id = :environment
                             and o.run_id = r.run_id
                             and o.run_id >= :least
                             and o.run_id < :before),
                         (select l.version_id
                            from leases l
                           where l.environment_id = :environment
                             and l.run_id = r.run_id)) = any (array(
                               select v.version_id
                                 from versions v
                                where v.environment_id = :environment
                                  and v.version = any (:versions::text[]))))
             order by i.n
             limit :max
            """)
        .uuids("run_ids", candidates)
        .bind("least", range.least())
        .bind("before", range.before())
        .bind("tasks", texts(filter.tasks()))
        .bind("tags", texts(filter.tags()))
        .bind("queues", texts(filter.queues()))
        .bind("batch_id", filter.batchId())
        .bind("machines", texts(filter.machines()))
        .bind("regions", texts(filter.regions()))
        .bind("test", filter.test())
        .bind("created_from", filter.createdFrom())
        .bind("created_to", filter.createdTo())
        .bind("statuses", texts(filter.statuses().stream().map(RunStatus::name).toList()))
        .bind("versions", texts(filter.versions()))
        .bind("max", max)
        .list(r -> new SizedRun(r.uuid("run_id"), r.bigint("bytes")));
  }

  private static String @Nullable [] texts(List<String> values) {
    return values.isEmpty() ? null : values.toArray(String[]::new);
  }
}

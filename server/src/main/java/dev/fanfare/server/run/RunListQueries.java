package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Statement;
import dev.fanfare.server.db.Tx;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL that selects the runs of a list, without reading their texts. */
final class RunListQueries {
  /** The conditions that both directions share; one that is bound to null always holds. */
  private static final String FILTERED =
      """
      select r.run_id,
             coalesce(octet_length(r.metadata), 0) + coalesce(octet_length(r.options), 0) as bytes
        from runs r
       where r.environment_id = :environment
         and (:statuses::text[] is null
              or (select s.status::text
                    from run_standing s
                   where s.environment_id = r.environment_id
                     and s.run_id = r.run_id) = any (:statuses::text[]))
         and (:tasks::text[] is null
              or r.task_id = any (array(select t.task_id
                                          from tasks t
                                         where t.environment_id = :environment
                                           and t.slug = any (:tasks::text[]))))
         and (:tags::text[] is null
              or r.run_id in (select g.run_id
                                from run_tags g
                               where g.environment_id = :environment
                                 and g.tag = any (:tags::text[])))
         and (:queues::text[] is null
              or r.lane_id = any (array(select l.lane_id
                                          from lanes l
                                          join queues q using (environment_id, queue_id)
                                         where q.environment_id = :environment
                                           and q.name = any (:queues::text[]))))
         and (:batch_id::uuid is null
              or r.run_id = any (array(select unnest(b.run_ids)
                                         from batches b
                                        where b.environment_id = :environment
                                          and b.batch_id = :batch_id::uuid)))
         and (:versions::text[] is null
              or exists (select
                           from run_versions v
                          where v.environment_id = r.environment_id
                            and v.run_id = r.run_id
                            and v.version = any (:versions::text[])))
         and (:machines::text[] is null
              or (r.options::json ->> 'machine') = any (:machines::text[]))
         and (:regions::text[] is null
              or (r.options::json ->> 'region') = any (:regions::text[]))
         and not :matches_none
         and (:test::bool is null or r.is_test = :test::bool)
         and (:created_from::timestamptz is null or r.created_at >= :created_from::timestamptz)
         and (:created_to::timestamptz is null or r.created_at <= :created_to::timestamptz)
      """;

  private static final String OLDER =
      FILTERED
          + """
             and (:from::uuid is null or r.run_id < :from::uuid)
           order by r.run_id desc
           limit :max
          """;

  private static final String NEWER =
      FILTERED
          + """
             and (:from::uuid is null or r.run_id > :from::uuid)
           order by r.run_id
           limit :max
          """;

  /** Up to {@code max} matching runs older than {@code from}, newest first. */
  List<SizedRun> older(Tx tx, RunFilter filter, @Nullable UUID from, int max) {
    return list(tx.sql(OLDER), filter, from, max);
  }

  /** Up to {@code max} matching runs newer than {@code from}, oldest first. */
  List<SizedRun> newer(Tx tx, RunFilter filter, @Nullable UUID from, int max) {
    return list(tx.sql(NEWER), filter, from, max);
  }

  private static List<SizedRun> list(
      Statement statement, RunFilter filter, @Nullable UUID from, int max) {
    return statement
        .bind("statuses", texts(filter.statuses().stream().map(RunStatus::name).toList()))
        .bind("tasks", texts(filter.tasks()))
        .bind("tags", texts(filter.tags()))
        .bind("queues", texts(filter.queues()))
        .bind("batch_id", filter.batchId())
        .bind("versions", texts(filter.versions()))
        .bind("machines", texts(filter.machines()))
        .bind("regions", texts(filter.regions()))
        .bind("matches_none", filter.matchesNone())
        .bind("test", filter.test())
        .bind("created_from", filter.createdFrom())
        .bind("created_to", filter.createdTo())
        .bind("from", from)
        .bind("max", max)
        .listReplanned(r -> new SizedRun(r.uuid("run_id"), r.bigint("bytes")));
  }

  private static String @Nullable [] texts(List<String> values) {
    return values.isEmpty() ? null : values.toArray(String[]::new);
  }
}

package dev.fanfare.server;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.run.RunFilter;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** All runs of an environment, read whole, and filtered in Java: what lists must show. */
final class StoredRuns {
  /** What filters look at, of one run. */
  record Stored(
      UUID id,
      RunStatus status,
      String task,
      String queue,
      List<String> tags,
      String version,
      String machine,
      String region,
      boolean test,
      Instant createdAt) {}

  private final List<Stored> newestFirst;
  private final Map<UUID, Set<UUID>> batches = new HashMap<>();

  private StoredRuns(Engine engine, int environmentId) {
    newestFirst =
        engine.database.transaction(
            environmentId,
            tx -> {
              tx.sql(
                      """
                      select b.batch_id, array_agg(r.run_id) as run_ids
                        from batches b
                       cross join unnest(b.first_ids, coalesce(b.last_ids, b.first_ids))
                             as i (first_id, last_id)
                        join runs r on r.environment_id = b.environment_id
                                   and r.run_id >= i.first_id
                                   and r.run_id <= i.last_id
                       where b.environment_id = :environment
                       group by b.batch_id
                      """)
                  .list(r -> batches.put(r.uuid("batch_id"), new HashSet<>(r.uuids("run_ids"))));
              return tx.sql(ALL)
                  .list(r ->
                      new Stored(
                          r.uuid("run_id"),
                          RunStatus.valueOf(r.text("status")),
                          r.text("task"),
                          r.text("queue"),
                          r.texts("tags"),
                          r.textOrNull("version"),
                          r.textOrNull("machine"),
                          r.textOrNull("region"),
                          r.flag("is_test"),
                          r.instant("created_at")));
            });
  }

  static StoredRuns of(Engine engine, Tenant tenant) {
    return new StoredRuns(engine, tenant.id());
  }

  private static final String ALL =
      """
      select r.run_id, t.slug as task, q.name as queue, r.tags, r.is_test, r.created_at,
             r.options::json ->> 'machine' as machine, r.options::json ->> 'region' as region,
             case when o.run_id is not null then o.status::text
                  when l.canceled_at is not null then 'CANCELED'
                  when l.started_at is not null then 'EXECUTING'
                  when l.run_id is not null then 'DEQUEUED'
                  when d.fence = 0 then 'DELAYED'
                  when p.run_id is not null then 'PENDING_VERSION'
                  else 'QUEUED' end as status,
             (select v.version
                from versions v
               where v.environment_id = r.environment_id
                 and v.version_id = coalesce(r.version_id, o.version_id, l.version_id)) as version
        from runs r
        join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
        join queues q on q.environment_id = r.environment_id and q.queue_id = r.queue_id
        left join outcomes o on o.environment_id = r.environment_id and o.run_id = r.run_id
        left join leases l on l.environment_id = r.environment_id and l.run_id = r.run_id
        left join delays d on d.environment_id = r.environment_id and d.run_id = r.run_id
        left join parked p on p.environment_id = r.environment_id and p.run_id = r.run_id
       where r.environment_id = :environment
       order by r.run_id desc
      """;

  List<Stored> all() {
    return newestFirst;
  }

  List<UUID> batchIds() {
    return batches.keySet().stream().sorted().toList();
  }

  /** The ids of all runs that match, newest first. */
  List<UUID> matching(RunFilter filter) {
    return newestFirst.stream().filter(run -> matches(run, filter)).map(Stored::id).toList();
  }

  private boolean matches(Stored run, RunFilter filter) {
    return isAny(filter.statuses(), run.status)
        && isAny(filter.tasks(), run.task)
        && isAny(filter.queues(), run.queue)
        && isAny(filter.versions(), run.version)
        && isAny(filter.machines(), run.machine)
        && isAny(filter.regions(), run.region)
        && (filter.tags().isEmpty() || filter.tags().stream().anyMatch(run.tags::contains))
        && (filter.batchId() == null
            || batches.getOrDefault(filter.batchId(), Set.of()).contains(run.id))
        && (filter.test() == null || filter.test() == run.test)
        && (filter.createdFrom() == null || !run.createdAt.isBefore(filter.createdFrom()))
        && (filter.createdTo() == null || !run.createdAt.isAfter(filter.createdTo()));
  }

  private static <T> boolean isAny(List<T> values, T value) {
    return values.isEmpty() || (value != null && values.contains(value));
  }
}

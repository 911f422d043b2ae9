package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL that reads runs. The state of a run is read off the table that holds it: each is searched.
 *
 * <p>The statements look up the rows of each run one by one, in subqueries with a limit: see ADR 5.
 */
public final class RunQueries {
  /**
   * What the outcome of an expired run needs.
   *
   * @param batchId absent: none
   */
  record ExpiredRun(UUID runId, @Nullable UUID batchId, long ttlMillis) {}

  /** Reads expired runs, in no order. */
  List<ExpiredRun> expiredRuns(Tx tx, List<UUID> runIds) {
    return tx.sql(
            """
            select r.run_id, r.batch_id, coalesce(r.ttl_ms, 0) as ttl_ms
              from runs r
             where r.environment_id = :environment
               and r.run_id = any (:run_ids)
               and within(r.run_id, :run_ids)
            """)
        .uuids("run_ids", runIds)
        .list(r -> new ExpiredRun(r.uuid("run_id"), r.uuidOrNull("batch_id"), r.bigint("ttl_ms")));
  }

  /** The request that a replay repeats, or {@code null} when the environment has no such run. */
  @Nullable NewRun requested(Tx tx, UUID runId) {
    return tx.sql(
            """
            select t.slug, r.payload, r.payload_type, q.name as queue, r.concurrency_key, m.metadata,
                   r.tags, r.max_duration_ms, r.options, r.is_test, o.error
              from runs r
              left join run_metadata m on m.environment_id = r.environment_id
                                      and m.run_id = r.run_id
                                      and within(m.run_id, :run_id)
              left join outcomes o on o.environment_id = r.environment_id
                                  and o.run_id = r.run_id
                                  and o.status = 'SYSTEM_FAILURE'
                                  and o.attempt = 0
                                  and within(o.run_id, :run_id)
              join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
              join queues q on q.environment_id = r.environment_id and q.queue_id = r.queue_id
             where r.environment_id = :environment
               and r.run_id = :run_id
               and within(r.run_id, :run_id)
            """)
        .bind("run_id", runId)
        .first(r -> {
          String error = r.textOrNull("error");
          return NewRun.of(r.text("slug"))
              .payload(r.textOrNull("payload"))
              .payloadType(r.textOrNull("payload_type"))
              .queue(r.text("queue"))
              .concurrencyKey(Objects.requireNonNullElse(r.textOrNull("concurrency_key"), ""))
              .maxDuration(r.millisOrNull("max_duration_ms"))
              .tags(r.texts("tags"))
              .metadata(r.textOrNull("metadata"))
              .options(r.textOrNull("options"))
              .test(r.flag("is_test"))
              .failure(error == null ? null : StoredError.read(error))
              .build();
        });
  }

  /** The state of a run by the rows that it has. */
  private static final String STATUS =
      """
      case when o.run_id is not null then o.status
                  when l.canceled_at is not null then 'CANCELED'
                  when l.started_at is not null then 'EXECUTING'
                  when l.run_id is not null then 'DEQUEUED'
                  when d.fence = 0 then 'DELAYED'
                  when p.run_id is not null then 'PENDING_VERSION'
                  else 'QUEUED' end\
      """;

  private static final String STATUSES =
      """
      select r.run_id, %s as status
        from unnest(:run_ids::uuid[]) as i (run_id)
       cross join lateral (
               select x.run_id, x.task_id, x.rank
                 from runs x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                  and within(x.run_id, :run_ids)
                limit 1) as r
        left join lateral (
               select x.run_id, x.status
                 from outcomes x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                  and within(x.run_id, :run_ids)
                limit 1) as o on true
        left join lateral (
               select x.run_id, x.canceled_at, x.started_at
                 from leases x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                limit 1) as l on true
        left join lateral (
               select x.fence
                 from delays x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                limit 1) as d on true
        left join lateral (
               select x.run_id
                 from parked x
                where x.environment_id = :environment
                  and x.task_id = r.task_id
                  and x.rank = r.rank
                  and x.run_id = i.run_id
                limit 1) as p on true
      """
          .formatted(STATUS);

  /** The status of each of these runs, without unknown ids. */
  Map<UUID, RunStatus> statuses(Tx tx, Collection<UUID> runIds) {
    Map<UUID, RunStatus> statuses = new HashMap<>();
    tx.sql(STATUSES)
        .uuids("run_ids", runIds)
        .list(r -> statuses.put(r.uuid("run_id"), RunStatus.valueOf(r.text("status"))));
    return statuses;
  }

  /** The columns of the request, without texts that may be long. */
  static final String SHORT_COLUMNS =
      """
      r.run_id, r.batch_id, r.payload_type, r.tags, r.idempotency_key, r.ttl_ms, r.is_test,
             r.source, r.created_at, r.delay_until, r.parent_run_id, r.root_run_id, r.depth,
             r.resumes_parent, t.slug, q.name as queue, v.version\
      """;

  /** Payload, output and error are read only of the run that the parameter {@code whole} names. */
  private static final String RUNS =
      """
      select %s,
             case when i.run_id = :whole::uuid then r.payload end as payload, m.metadata, r.options,
             %s as status,
             coalesce(o.attempt, l.attempt, d.attempt, y.attempt, 0) as attempt,
             coalesce(o.started_at, l.first_started_at, d.first_started_at, y.first_started_at)
               as started_at,
             o.finished_at,
             coalesce(o.finished_at, l.canceled_at, l.started_at, l.claimed_at, r.created_at)
               as updated_at,
             coalesce(o.duration_ms, 0) as duration_ms,
             case when i.run_id = :whole::uuid then o.output end as output, o.output_type,
             case when i.run_id is distinct from :whole::uuid then null
                  when l.canceled_at is not null
                  then '{"type":"STRING_ERROR","raw":"Canceled by user"}'
                  else o.error end as error,
             case when d.fence = 0 then d.due_at end as due_at
        from unnest(:run_ids::uuid[]) as i (run_id)
       cross join lateral (
               select x.*
                 from runs x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                  and within(x.run_id, :run_ids)
                limit 1) as r
        left join lateral (
               select x.metadata
                 from run_metadata x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                  and within(x.run_id, :run_ids)
                limit 1) as m on true
        left join lateral (
               select x.*
                 from outcomes x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                  and within(x.run_id, :run_ids)
                limit 1) as o on true
        left join lateral (
               select x.*
                 from leases x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                limit 1) as l on true
        left join lateral (
               select x.*
                 from delays x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                limit 1) as d on true
        left join lateral (
               select x.run_id
                 from parked x
                where x.environment_id = :environment
                  and x.task_id = r.task_id
                  and x.rank = r.rank
                  and x.run_id = i.run_id
                limit 1) as p on true
        left join lateral (
               select x.*
                 from ready x
                where x.environment_id = :environment
                  and x.task_id = r.task_id
                  and x.version_id = coalesce(r.version_id, 0)
                  and x.lane_id = r.lane_id
                  and x.rank = r.rank
                  and x.last_id = i.run_id
                limit 1) as y on true
       cross join lateral (
               select x.slug
                 from tasks x
                where x.environment_id = :environment
                  and x.task_id = r.task_id
                limit 1) as t
       cross join lateral (
               select x.name
                 from queues x
                where x.environment_id = :environment
                  and x.queue_id = r.queue_id
                limit 1) as q
        left join lateral (
               select x.version
                 from versions x
                where x.environment_id = :environment
                  and x.version_id = coalesce(r.version_id, o.version_id, l.version_id)
                limit 1) as v on true
      """
          .formatted(SHORT_COLUMNS, STATUS);

  /** The size of a run's texts, or {@code null} when the environment has no such run. */
  @Nullable Long bytes(Tx tx, UUID runId) {
    return tx.sql(
            """
            select coalesce(octet_length(r.payload), 0) + coalesce(octet_length(m.metadata), 0)
                     + coalesce(octet_length(r.options), 0) + coalesce(octet_length(o.output), 0)
                     + coalesce(octet_length(o.error), 0) as bytes
              from runs r
              left join run_metadata m on m.environment_id = r.environment_id
                                      and m.run_id = r.run_id
                                      and within(m.run_id, :run_id)
              left join outcomes o on o.environment_id = r.environment_id
                                  and o.run_id = r.run_id
                                  and within(o.run_id, :run_id)
             where r.environment_id = :environment
               and r.run_id = :run_id
               and within(r.run_id, :run_id)
            """)
        .bind("run_id", runId)
        .first(r -> r.bigint("bytes"));
  }

  /** The run with this id, or {@code null} when the environment has no such run. */
  @Nullable Run find(Tx tx, UUID runId) {
    List<Run> found = list(tx, List.of(runId), runId);
    return found.isEmpty() ? null : found.getFirst();
  }

  /** The runs with these ids, without payload, output and error. In no order. */
  List<Run> summaries(Tx tx, Collection<UUID> runIds) {
    return list(tx, runIds, null);
  }

  /**
   * The runs with these ids, without payload, output and error, except for one run that is whole.
   * In no order.
   */
  List<Run> list(Tx tx, Collection<UUID> runIds, @Nullable UUID wholeId) {
    return tx.sql(RUNS).uuids("run_ids", runIds).bind("whole", wholeId).list(RunQueries::run);
  }

  static Run run(Row r) throws SQLException {
    Instant due = r.instantOrNull("due_at"); // set while the run is delayed
    Instant created = r.instant("created_at");
    return new Run(
        r.uuid("run_id"),
        r.text("slug"),
        RunStatus.valueOf(r.text("status")),
        r.integer("attempt"),
        r.uuidOrNull("batch_id"),
        r.text("queue"),
        r.textOrNull("version"),
        r.textOrNull("payload"),
        r.textOrNull("payload_type"),
        r.textOrNull("output"),
        r.textOrNull("output_type"),
        r.textOrNull("error"),
        r.textOrNull("metadata"),
        r.texts("tags"),
        r.textOrNull("idempotency_key"),
        r.textOrNull("options"),
        r.millisOrNull("ttl_ms"),
        r.flag("is_test"),
        Source.valueOf(r.text("source")),
        created,
        later(created, r.instant("updated_at")),
        due != null ? due : r.instantOrNull("delay_until"),
        notBefore(created, r.instantOrNull("started_at")),
        notBefore(created, r.instantOrNull("finished_at")),
        FamilyQueries.lineage(r),
        r.flag("resumes_parent"), // null is read as false
        r.bigint("duration_ms"));
  }

  /** The server's clock dates the creation, the database's all that follows. They may differ. */
  private static @Nullable Instant notBefore(Instant created, @Nullable Instant time) {
    return time == null ? null : later(created, time);
  }

  private static Instant later(Instant a, Instant b) {
    return a.isBefore(b) ? b : a;
  }
}

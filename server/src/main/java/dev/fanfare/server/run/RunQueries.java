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
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL that reads runs, with their states from the view {@code run_standing}. */
public final class RunQueries {
  /** Bounds the outputs read at once, so that a batch of long outputs cannot fill the memory. */
  private static final long BYTES_AT_ONCE = 4L * 1024 * 1024;

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
            """)
        .uuids("run_ids", runIds)
        .list(r -> new ExpiredRun(r.uuid("run_id"), r.uuidOrNull("batch_id"), r.bigint("ttl_ms")));
  }

  /** The request that a replay repeats, or {@code null} when the environment has no such run. */
  @Nullable NewRun requested(Tx tx, UUID runId) {
    return tx.sql(
            """
            select t.slug, r.payload, r.payload_type, q.name as queue, l.concurrency_key, r.metadata,
                   r.tags, r.max_duration_ms, r.options, r.is_test, o.error
              from runs r
              left join outcomes o on o.environment_id = r.environment_id
                                  and o.run_id = r.run_id
                                  and o.status = 'SYSTEM_FAILURE'
                                  and o.attempt = 0
              join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
              join lanes l on l.environment_id = r.environment_id and l.lane_id = r.lane_id
              join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
             where r.environment_id = :environment
               and r.run_id = :run_id
            """)
        .bind("run_id", runId)
        .first(r -> {
          String error = r.textOrNull("error");
          return NewRun.of(r.text("slug"))
              .payload(r.textOrNull("payload"))
              .payloadType(r.textOrNull("payload_type"))
              .queue(r.text("queue"))
              .concurrencyKey(r.text("concurrency_key"))
              .maxDuration(r.millisOrNull("max_duration_ms"))
              .tags(r.texts("tags"))
              .metadata(r.textOrNull("metadata"))
              .options(r.textOrNull("options"))
              .test(r.flag("is_test"))
              .failure(error == null ? null : StoredError.read(error))
              .build();
        });
  }

  /** The status of each of these runs, without unknown ids. */
  Map<UUID, RunStatus> statuses(Tx tx, Collection<UUID> runIds) {
    Map<UUID, RunStatus> statuses = new HashMap<>();
    tx.sql(
            """
            select s.run_id, s.status
              from run_standing s
             where s.environment_id = :environment
               and s.run_id = any (:run_ids)
            """)
        .uuids("run_ids", runIds)
        .listReplanned(r -> statuses.put(r.uuid("run_id"), RunStatus.valueOf(r.text("status"))));
    return statuses;
  }

  /** The columns that do not depend on the state, without texts that may be long. */
  private static final String SHORT_COLUMNS =
      """
      r.run_id, r.batch_id, r.payload_type, r.tags, r.idempotency_key, r.ttl_ms, r.is_test,
             r.source, r.created_at, r.delay_until, r.parent_run_id, r.root_run_id, r.depth,
             r.resumes_parent, t.slug, q.name as queue, v.version\
      """;

  /** The columns that do not depend on the state, without the payload. */
  private static final String COLUMNS = SHORT_COLUMNS + ", r.metadata, r.options";

  private static final String WHOLE =
      """
      select %s,
             r.payload, s.status, s.attempt, s.started_at, s.finished_at, s.updated_at,
             s.duration_ms, s.output, s.output_type, s.error, s.due_at
        from runs r
        join run_standing s on s.environment_id = r.environment_id and s.run_id = r.run_id
        left join run_versions v on v.environment_id = r.environment_id and v.run_id = r.run_id
        join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
        join lanes l on l.environment_id = r.environment_id and l.lane_id = r.lane_id
        join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
       where r.environment_id = :environment
         and r.run_id = :run_id
      """
          .formatted(COLUMNS);

  /** Looks up one run after the other, because lists need it whatever the statistics say. */
  private static final String SUMMARIES =
      """
      select %s,
             null::text as payload, s.status, s.attempt, s.started_at, s.finished_at, s.updated_at,
             s.duration_ms, null::text as output, s.output_type, null::text as error, s.due_at
        from unnest(:run_ids::uuid[]) as i (run_id)
       cross join lateral (
               select x.*
                 from runs x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                limit 1) as r
       cross join lateral (
               select x.*
                 from run_standing x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                limit 1) as s
        left join lateral (
               select x.version
                 from run_versions x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                limit 1) as v on true
       cross join lateral (
               select x.slug
                 from tasks x
                where x.environment_id = :environment
                  and x.task_id = r.task_id
                limit 1) as t
       cross join lateral (
               select y.name
                 from lanes x
                 join queues y on y.environment_id = x.environment_id and y.queue_id = x.queue_id
                where x.environment_id = :environment
                  and x.lane_id = r.lane_id
                limit 1) as q
      """
          .formatted(COLUMNS);

  private static final String FINAL =
      """
      with sized as (
        select i.run_id, i.n,
               sum(coalesce(octet_length(o.output), 0) + coalesce(octet_length(o.error), 0))
                 over (order by i.n) as bytes,
               row_number() over (order by i.n) as m
          from unnest(:run_ids::uuid[]) with ordinality as i (run_id, n)
          join outcomes o on o.environment_id = :environment and o.run_id = i.run_id
      )
      select %s, null::text as metadata, null::text as options,
             null::text as payload, o.status, o.attempt, o.started_at, o.finished_at,
             o.finished_at as updated_at, o.duration_ms, o.output, o.output_type, o.error,
             null::timestamptz as due_at, i.n
        from sized i
        join runs r on r.environment_id = :environment and r.run_id = i.run_id
        left join run_versions v on v.environment_id = r.environment_id and v.run_id = r.run_id
        join outcomes o on o.environment_id = r.environment_id and o.run_id = r.run_id
        join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
        join lanes l on l.environment_id = r.environment_id and l.lane_id = r.lane_id
        join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
       where i.bytes <= :bytes_max
          or i.m = 1
       order by i.n
      """
          .formatted(SHORT_COLUMNS);

  /** The size of a run's texts, or {@code null} when the environment has no such run. */
  @Nullable Long bytes(Tx tx, UUID runId) {
    return tx.sql(
            """
            select coalesce(octet_length(r.payload), 0) + coalesce(octet_length(r.metadata), 0)
                     + coalesce(octet_length(r.options), 0) + coalesce(octet_length(o.output), 0)
                     + coalesce(octet_length(o.error), 0) as bytes
              from runs r
              left join outcomes o on o.environment_id = r.environment_id and o.run_id = r.run_id
             where r.environment_id = :environment
               and r.run_id = :run_id
            """)
        .bind("run_id", runId)
        .first(r -> r.bigint("bytes"));
  }

  /** The run with this id, or {@code null} when the environment has no such run. */
  @Nullable Run find(Tx tx, UUID runId) {
    List<Run> runs = tx.sql(WHOLE).bind("run_id", runId).listReplanned(RunQueries::run);
    return runs.isEmpty() ? null : runs.getFirst();
  }

  /** The runs with these ids, without payload, output and error. In no order. */
  List<Run> summaries(Tx tx, Collection<UUID> runIds) {
    return tx.sql(SUMMARIES).uuids("run_ids", runIds).list(RunQueries::run);
  }

  /** The most that {@link #finalRuns} reads of these runs at once, in bytes. */
  public long finalBytes(Tx tx, List<UUID> runIds) {
    Long bytes =
        tx.sql(
                """
                select coalesce(least(sum(f.bytes), greatest(:bytes_max, max(f.bytes))), 0) as bytes
                  from (select coalesce(octet_length(o.output), 0)
                                 + coalesce(octet_length(o.error), 0) as bytes
                          from unnest(:run_ids::uuid[]) as i (run_id)
                         cross join lateral (
                                 select x.output, x.error
                                   from outcomes x
                                  where x.environment_id = :environment
                                    and x.run_id = i.run_id
                                  limit 1) as o) as f
                """)
            .uuids("run_ids", runIds)
            .bind("bytes_max", BYTES_AT_ONCE)
            .first(r -> r.bigint("bytes"));
    return bytes == null ? 0 : bytes;
  }

  /**
   * A final run.
   *
   * @param position its position in the requested ids, from 1
   */
  public record Final(Run run, int position) {}

  /**
   * The final runs among these ids, in the order of the ids and without payloads, metadata and
   * options: as many as fit into {@link #BYTES_AT_ONCE}, at least one.
   */
  public List<Final> finalRuns(Tx tx, List<UUID> runIds) {
    return tx.sql(FINAL)
        .uuids("run_ids", runIds)
        .bind("bytes_max", BYTES_AT_ONCE)
        .listReplanned(r -> new Final(run(r), r.integer("n")));
  }

  private static Run run(Row r) throws SQLException {
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

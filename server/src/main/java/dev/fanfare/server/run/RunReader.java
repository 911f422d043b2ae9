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

/** SQL that reads runs, with where they stand from the view {@code run_standing}. */
public final class RunReader {
  /** Outputs read at once, so that a batch of long ones cannot fill the memory. */
  private static final long BYTES_AT_ONCE = 4L * 1024 * 1024;

  /** One run, or {@code null} when the environment has none with this id. */
  public @Nullable Run find(Tx tx, int environmentId, UUID runId) {
    List<Run> runs = get(tx, environmentId, List.of(runId));
    return runs.isEmpty() ? null : runs.getFirst();
  }

  /**
   * A run that was queued for as long as it may be.
   *
   * @param batchId absent: none
   */
  record Lived(UUID runId, @Nullable UUID batchId, long ttlMillis) {}

  /** What is to be said of runs that expire. */
  List<Lived> lived(Tx tx, int environmentId, List<UUID> runIds) {
    return tx.list(
        """
        select r.run_id, r.batch_id, coalesce(r.ttl_ms, 0) as ttl_ms
          from runs r
         where r.environment_id = ?
           and r.run_id = any (?)
        """,
        r -> new Lived(r.uuid("run_id"), r.uuidOrNull("batch_id"), r.bigint("ttl_ms")),
        environmentId,
        runIds.toArray(UUID[]::new));
  }

  /** A run as it was asked for, or {@code null} when the environment has none with this id. */
  public @Nullable NewRun asked(Tx tx, int environmentId, UUID runId) {
    return tx.first(
        """
        select t.slug, r.payload, r.payload_type, q.name as queue, l.concurrency_key, r.metadata,
               r.tags, r.max_duration_ms, r.options, r.is_test
          from runs r
          join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
          join lanes l on l.environment_id = r.environment_id and l.lane_id = r.lane_id
          join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
         where r.environment_id = ?
           and r.run_id = ?
        """,
        r ->
            NewRun.of(r.text("slug"))
                .payload(r.textOrNull("payload"))
                .payloadType(r.textOrNull("payload_type"))
                .queue(r.text("queue"))
                .concurrencyKey(r.text("concurrency_key"))
                .maxDuration(r.millisOrNull("max_duration_ms"))
                .tags(r.texts("tags"))
                .metadata(r.textOrNull("metadata"))
                .options(r.textOrNull("options"))
                .test(r.flag("is_test"))
                .build(),
        environmentId,
        runId);
  }

  /** Where these runs stand; one that does not exist is left out. */
  Map<UUID, RunStatus> statuses(Tx tx, int environmentId, Collection<UUID> runIds) {
    Map<UUID, RunStatus> statuses = new HashMap<>();
    tx.listAnew(
        """
        select s.run_id, s.status
          from run_standing s
         where s.environment_id = ?
           and s.run_id = any (?)
        """,
        r -> statuses.put(r.uuid("run_id"), RunStatus.valueOf(r.text("status"))),
        environmentId,
        runIds.toArray(UUID[]::new));
    return statuses;
  }

  /** The runs with these ids without what may be long: payload, output and error. In no order. */
  List<Run> summaries(Tx tx, int environmentId, Collection<UUID> runIds) {
    return tx.listAnew(
        """
        select r.run_id, r.batch_id, null::text as payload, r.payload_type, r.metadata, r.tags,
               r.idempotency_key, r.options, r.ttl_ms, r.is_test, r.source, r.created_at,
               r.delay_until, r.parent_run_id, r.root_run_id, r.depth, r.resumes_parent,
               s.status, s.attempt, s.started_at, s.finished_at, s.updated_at, s.duration_ms,
               null::text as output, s.output_type, null::text as error, s.due_at,
               t.slug, q.name as queue, v.version
          from runs r
          join run_standing s on s.environment_id = r.environment_id and s.run_id = r.run_id
          left join run_versions v on v.environment_id = r.environment_id and v.run_id = r.run_id
          join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
          join lanes l on l.environment_id = r.environment_id and l.lane_id = r.lane_id
          join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
         where r.environment_id = ?
           and r.run_id = any (?)
        """,
        RunReader::run,
        environmentId,
        runIds.toArray(UUID[]::new));
  }

  /**
   * The final ones among these runs, in the order of the ids, as many as {@link #BYTES_AT_ONCE}
   * allows but at least the first. Without their payloads.
   */
  public List<Ended> ended(Tx tx, int environmentId, List<UUID> runIds) {
    return tx.listAnew(
        """
        with sized as (
          select i.run_id, i.n,
                 sum(coalesce(octet_length(o.output), 0) + coalesce(octet_length(o.error), 0))
                   over (order by i.n) as bytes,
                 row_number() over (order by i.n) as m
            from unnest(?::uuid[]) with ordinality as i (run_id, n)
            join outcomes o on o.environment_id = ? and o.run_id = i.run_id
        )
        select r.run_id, r.batch_id, null::text as payload, r.payload_type, r.metadata, r.tags,
               r.idempotency_key, r.options, r.ttl_ms, r.is_test, r.source, r.created_at,
               r.delay_until, r.parent_run_id, r.root_run_id, r.depth, r.resumes_parent,
               o.status, o.attempt, o.started_at, o.finished_at, o.finished_at as updated_at,
               o.duration_ms, o.output, o.output_type, o.error, null::timestamptz as due_at,
               t.slug, q.name as queue, v.version, i.n
          from sized i
          join runs r on r.environment_id = ? and r.run_id = i.run_id
          left join run_versions v on v.environment_id = r.environment_id and v.run_id = r.run_id
          join outcomes o on o.environment_id = r.environment_id and o.run_id = r.run_id
          join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
          join lanes l on l.environment_id = r.environment_id and l.lane_id = r.lane_id
          join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
         where i.bytes <= ?
            or i.m = 1
         order by i.n
        """,
        r -> new Ended(run(r), r.integer("n")),
        runIds.toArray(UUID[]::new),
        environmentId,
        environmentId,
        BYTES_AT_ONCE);
  }

  /**
   * A final run among others.
   *
   * @param position its place among the ids that were asked for, from 1
   */
  public record Ended(Run run, int position) {}

  /** The runs with these ids, in no order. */
  private List<Run> get(Tx tx, int environmentId, Collection<UUID> runIds) {
    return tx.listAnew(
        """
        select r.*, s.status, s.attempt, s.started_at, s.finished_at, s.updated_at, s.duration_ms,
               s.output, s.output_type, s.error, s.due_at, t.slug, q.name as queue, v.version
          from runs r
          join run_standing s on s.environment_id = r.environment_id and s.run_id = r.run_id
          left join run_versions v on v.environment_id = r.environment_id and v.run_id = r.run_id
          join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
          join lanes l on l.environment_id = r.environment_id and l.lane_id = r.lane_id
          join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
         where r.environment_id = ?
           and r.run_id = any (?)
        """,
        RunReader::run,
        environmentId,
        runIds.toArray(UUID[]::new));
  }

  /** The conditions of a list; both directions share them. */
  private static final String FILTERED =
      """
      select r.run_id
        from runs r
       where r.environment_id = ?
         and (?::text[] is null
              or (select s.status::text
                    from run_standing s
                   where s.environment_id = r.environment_id
                     and s.run_id = r.run_id) = any (?::text[]))
         and (?::text[] is null
              or r.task_id = any (array(select t.task_id
                                          from tasks t
                                         where t.environment_id = ?
                                           and t.slug = any (?::text[]))))
         and (?::text[] is null
              or r.run_id in (select g.run_id
                                from run_tags g
                               where g.environment_id = ?
                                 and g.tag = any (?::text[])))
         and (?::text[] is null
              or r.lane_id = any (array(select l.lane_id
                                          from lanes l
                                          join queues q using (environment_id, queue_id)
                                         where q.environment_id = ?
                                           and q.name = any (?::text[]))))
         and (?::uuid is null
              or r.run_id = any (array(select unnest(b.run_ids)
                                         from batches b
                                        where b.environment_id = ?
                                          and b.batch_id = ?::uuid)))
         and (?::text[] is null
              or exists (select
                           from run_versions v
                          where v.environment_id = r.environment_id
                            and v.run_id = r.run_id
                            and v.version = any (?::text[])))
         and (?::text[] is null or (r.options::json ->> 'machine') = any (?::text[]))
         and (?::text[] is null or (r.options::json ->> 'region') = any (?::text[]))
         and not ?
         and (?::bool is null or r.is_test = ?::bool)
         and (?::timestamptz is null or r.created_at >= ?::timestamptz)
         and (?::timestamptz is null or r.created_at <= ?::timestamptz)
      """;

  /** Up to {@code max} runs that pass a filter and are older than {@code from}, newest first. */
  public List<UUID> older(
      Tx tx, int environmentId, RunFilter filter, @Nullable UUID from, int max) {
    return tx.listAnew(
        FILTERED
            + """
               and (?::uuid is null or r.run_id < ?::uuid)
             order by r.run_id desc
             limit ?
            """,
        r -> r.uuid("run_id"),
        parameters(environmentId, filter, from, max));
  }

  /** Up to {@code max} runs that pass a filter and are newer than {@code from}, oldest first. */
  public List<UUID> newer(
      Tx tx, int environmentId, RunFilter filter, @Nullable UUID from, int max) {
    return tx.listAnew(
        FILTERED
            + """
               and (?::uuid is null or r.run_id > ?::uuid)
             order by r.run_id
             limit ?
            """,
        r -> r.uuid("run_id"),
        parameters(environmentId, filter, from, max));
  }

  private static @Nullable Object[] parameters(
      int environmentId, RunFilter filter, @Nullable UUID from, int max) {
    String @Nullable [] statuses = texts(filter.statuses().stream().map(RunStatus::name).toList());
    String @Nullable [] tasks = texts(filter.tasks());
    String @Nullable [] tags = texts(filter.tags());
    String @Nullable [] queues = texts(filter.queues());
    String @Nullable [] versions = texts(filter.versions());
    String @Nullable [] machines = texts(filter.machines());
    String @Nullable [] regions = texts(filter.regions());
    return new @Nullable Object[] {
      environmentId,
      statuses,
      statuses,
      tasks,
      environmentId,
      tasks,
      tags,
      environmentId,
      tags,
      queues,
      environmentId,
      queues,
      filter.batchId(),
      environmentId,
      filter.batchId(),
      versions,
      versions,
      machines,
      machines,
      regions,
      regions,
      filter.nothing(),
      filter.test(),
      filter.test(),
      filter.createdFrom(),
      filter.createdFrom(),
      filter.createdTo(),
      filter.createdTo(),
      from,
      from,
      max
    };
  }

  private static String @Nullable [] texts(List<String> values) {
    return values.isEmpty() ? null : values.toArray(String[]::new);
  }

  private static Run run(Row r) throws SQLException {
    Instant due = r.instantOrNull("due_at"); // a delay that was moved is not the one triggered
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
        r.instant("created_at"),
        r.instant("updated_at"),
        due != null ? due : r.instantOrNull("delay_until"),
        r.instantOrNull("started_at"),
        r.instantOrNull("finished_at"),
        lineage(r),
        r.flag("resumes_parent"), // null is false
        r.bigint("duration_ms"));
  }

  private static @Nullable Lineage lineage(Row r) throws SQLException {
    UUID parentId = r.uuidOrNull("parent_run_id");
    return parentId == null
        ? null
        : new Lineage(parentId, r.uuid("root_run_id"), r.integer("depth"));
  }
}

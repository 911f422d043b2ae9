package dev.fanfare.server.run;

import dev.fanfare.server.db.Statement;
import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** SQL that inserts into {@code runs}, {@code run_metadata} and {@code run_tags}. */
public final class RunStore {

  /** Bounds the text of one statement, because the driver holds three copies while sending. */
  private static final long CHARS_PER_STATEMENT = 4L * 1024 * 1024;

  /** Inserts new runs, later, in one statement unless the payloads are very long. */
  public void insertAll(
      Tx tx, @Nullable UUID batchId, Source source, Instant createdAt, List<RunRow> rows) {
    insertParts(
        parts(rows, row -> row.run().chars()),
        part -> insert(tx, batchId, source, createdAt, part));
  }

  /** Runs the statements of all parts, the last one later: so only one part is held in memory. */
  static <T> void insertParts(List<List<T>> parts, Function<List<T>, Statement> insert) {
    for (List<T> part : parts.subList(0, parts.size() - 1)) {
      insert.apply(part).update();
    }
    insert.apply(parts.getLast()).updateLater();
  }

  /** Splits rows, in order, into parts that fit into one statement each. */
  static <T> List<List<T>> parts(List<T> all, ToLongFunction<T> chars) {
    List<List<T>> parts = new ArrayList<>();
    int from = 0;
    long sum = 0;
    for (int i = 0; i < all.size(); i++) {
      long own = chars.applyAsLong(all.get(i));
      if (sum + own > CHARS_PER_STATEMENT && i > from) {
        parts.add(all.subList(from, i));
        from = i;
        sum = 0;
      }
      sum += own;
    }
    parts.add(all.subList(from, all.size()));
    return parts;
  }

  private static Statement insert(
      Tx tx, @Nullable UUID batchId, Source source, Instant createdAt, List<RunRow> rows) {
    return tx.sql(
            """
            insert into runs
                   (environment_id, batch_id, source, created_at,
                    run_id, task_id, queue_id, concurrency_key, version_id, lane_id, rank,
                    batch_index, payload, payload_type, tags, idempotency_key,
                    max_attempts, max_duration_ms, delay_until, options, is_test, ttl_ms,
                    parent_run_id, root_run_id, depth, resumes_parent)
            select :environment, :batch_id::uuid,
                   (select :source::trigger_source), -- converted once
                   :created_at::timestamptz,
                   r.run_id, coalesce(:task_id::int, r.task_id),
                   coalesce(:queue_id::int, r.queue_id), r.concurrency_key, r.version_id,
                   coalesce(:lane_id::int8, r.lane_id), r.rank, r.batch_index,
                   r.payload, coalesce(:payload_type::text, r.payload_type), r.tags::text[],
                   r.idempotency_key, r.max_attempts, r.max_duration_ms,
                   r.delay_until::timestamptz, r.options,
                   coalesce(:is_test::bool, r.is_test), r.ttl_ms,
                   r.parent_run_id, r.root_run_id, r.depth, r.resumes_parent
              from unnest(:run_ids::uuid[], :task_ids::int[], :queue_ids::int[],
                          :concurrency_keys::text[], :version_ids::int[],
                          :lane_ids::int8[], :ranks::int8[],
                          :batch_indexes::int[],
                          :payloads::text[], :payload_types::text[],
                          :tags::text[], :idempotency_keys::text[],
                          :max_attempts::int[], :max_durations_ms::int8[],
                          :delay_ends::text[], :options::text[], :test_flags::bool[],
                          :ttls_ms::int8[],
                          :parent_run_ids::uuid[], :root_run_ids::uuid[], :depths::int[],
                          :resumes_parent_flags::bool[])
                   as r (run_id, task_id, queue_id, concurrency_key, version_id, lane_id, rank,
                         batch_index, payload, payload_type, tags, idempotency_key,
                         max_attempts, max_duration_ms, delay_until, options, is_test, ttl_ms,
                         parent_run_id, root_run_id, depth, resumes_parent)
            """)
        .bind("batch_id", batchId)
        .bind("source", source.name())
        .bind("created_at", createdAt)
        .uuids("run_ids", rows, RunRow::runId)
        .oneOrInts("task_id", "task_ids", rows, RunRow::taskId)
        .oneOrInts("queue_id", "queue_ids", rows, row -> row.lane().queueId())
        .oneOrLongs("lane_id", "lane_ids", rows, RunRow::laneId)
        .longs("ranks", rows, RunRow::rank)
        .intsOrNull("batch_indexes", rows, row -> batchId == null ? null : row.batchIndex())
        .texts("payloads", rows, row -> row.run().payload())
        .oneOrTexts("payload_type", "payload_types", rows, row -> row.run().payloadType())
        .texts("tags", rows, row -> arrayLiteral(row.run().tags()))
        .texts("idempotency_keys", rows, RunStore::keyText)
        .intsOrNull("max_attempts", rows, row -> row.run().maxAttempts())
        .longsOrNull("max_durations_ms", rows, row -> millis(row.run().maxDuration()))
        .times("delay_ends", rows, row -> row.run().delayUntil())
        .texts("options", rows, row -> row.run().options())
        .oneOrFlags("is_test", "test_flags", rows, row -> row.run().test())
        .longsOrNull("ttls_ms", rows, row -> millis(row.ttl()))
        .texts("concurrency_keys", rows, row -> emptyAsNull(row.lane().concurrencyKey()))
        .intsOrNull("version_ids", rows, row -> zeroAsNull(row.lane().versionId()))
        .uuids(
            "parent_run_ids", rows, row -> row.lineage() == null ? null : row.lineage().parentId())
        .uuids("root_run_ids", rows, row -> row.lineage() == null ? null : row.lineage().rootId())
        .intsOrNull("depths", rows, row -> row.lineage() == null ? null : row.lineage().depth())
        .flags("resumes_parent_flags", rows, RunStore::resumesParent);
  }

  private static @Nullable String emptyAsNull(String text) {
    return text.isEmpty() ? null : text;
  }

  private static @Nullable Integer zeroAsNull(int id) {
    return id == 0 ? null : id;
  }

  private static @Nullable String keyText(RunRow row) {
    NewRun.Key key = row.run().key();
    return key == null ? null : key.text();
  }

  private static @Nullable Boolean resumesParent(RunRow row) {
    NamedParent parent = row.run().parent();
    if (row.lineage() == null || parent == null) {
      return null;
    }
    return parent.resumes();
  }

  static @Nullable Long millis(@Nullable Duration span) {
    return span == null ? null : span.toMillis();
  }

  /** An array as its literal, because unnest would flatten an array of arrays. */
  public static @Nullable String arrayLiteral(List<String> values) {
    if (values.isEmpty()) {
      return null;
    }
    StringBuilder literal = new StringBuilder("{");
    for (String value : values) {
      literal.append(literal.length() == 1 ? "\"" : ",\"");
      literal.append(value.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
    }
    return literal.append('}').toString();
  }

  /** Inserts the metadata of new runs, later. Without any, it does nothing. */
  public void insertMetadata(Tx tx, List<RunRow> rows) {
    List<RunRow> some = rows.stream().filter(row -> row.run().metadata() != null).toList();
    if (!some.isEmpty()) {
      insertParts(
          metadataParts(some),
          part ->
              tx.sql(
                      """
                      insert into run_metadata (environment_id, run_id, metadata)
                      select :environment, m.run_id, m.metadata
                        from unnest(:run_ids::uuid[], :metadata::text[]) as m (run_id, metadata)
                      """)
                  .uuids("run_ids", part, RunRow::runId)
                  .texts("metadata", part, row -> row.run().metadata()));
    }
  }

  private static List<List<RunRow>> metadataParts(List<RunRow> rows) {
    return parts(rows, row -> Objects.requireNonNull(row.run().metadata()).length());
  }

  /** Inserts the tags of new runs, later; does nothing when there are none. */
  public void insertTags(Tx tx, List<RunRow> rows) {
    List<RunTag> tags = new ArrayList<>();
    for (RunRow row : rows) {
      row.run().tags().forEach(tag -> tags.add(new RunTag(row.runId(), tag)));
    }
    if (!tags.isEmpty()) {
      tx.sql(
              """
              insert into run_tags (environment_id, tag, run_id)
              select :environment, t.tag, t.run_id
                from unnest(:tags::text[], :run_ids::uuid[]) as t (tag, run_id)
              """)
          .texts("tags", tags, RunTag::tag)
          .uuids("run_ids", tags, RunTag::runId)
          .updateLater();
    }
  }

  /** One tag of a run. */
  record RunTag(UUID runId, String tag) {}
}

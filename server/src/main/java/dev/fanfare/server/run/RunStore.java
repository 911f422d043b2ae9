package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** SQL that writes {@code runs} and {@code run_tags}. */
final class RunStore {

  /** Payload text of one statement; the driver holds it three times while it sends it. */
  private static final long CHARS_A_STATEMENT = 4L * 1024 * 1024;

  /** Stores all runs of a trigger: in one statement, unless their payloads are very long. */
  void insertAll(
      Tx tx,
      int environmentId,
      @Nullable UUID batchId,
      Source source,
      Instant createdAt,
      List<RunColumns.Minted> runs) {
    parts(runs, run -> run.placed().run().chars())
        .forEach(part -> insert(tx, environmentId, batchId, source, createdAt, part));
  }

  /** What one statement each can carry, in order. */
  static <T> List<List<T>> parts(List<T> all, ToLongFunction<T> chars) {
    List<List<T>> parts = new ArrayList<>();
    int from = 0;
    long sum = 0;
    for (int i = 0; i < all.size(); i++) {
      long own = chars.applyAsLong(all.get(i));
      if (sum + own > CHARS_A_STATEMENT && i > from) {
        parts.add(all.subList(from, i));
        from = i;
        sum = 0;
      }
      sum += own;
    }
    parts.add(all.subList(from, all.size()));
    return parts;
  }

  private static void insert(
      Tx tx,
      int environmentId,
      @Nullable UUID batchId,
      Source source,
      Instant createdAt,
      List<RunColumns.Minted> runs) {
    RunColumns columns = new RunColumns(runs);
    tx.update(
        """
        insert into runs
               (environment_id, batch_id, source, created_at,
                run_id, task_id, lane_id, rank, batch_index,
                payload, payload_type, metadata, tags, idempotency_key,
                max_attempts, max_duration_ms, delay_until, options, is_test, ttl_ms,
                parent_run_id, root_run_id, depth, resumes_parent)
        select ?, ?::uuid, ?::trigger_source, ?::timestamptz,
               r.run_id, r.task_id, r.lane_id, r.rank, r.batch_index,
               r.payload, r.payload_type, r.metadata, r.tags::text[], r.idempotency_key,
               r.max_attempts, r.max_duration_ms, r.delay_until::timestamptz, r.options, r.is_test,
               r.ttl_ms, r.parent_run_id, r.root_run_id, r.depth, r.resumes_parent
          from unnest(?::uuid[], ?::int[], ?::int[], ?::int8[], ?::int[],
                      ?::text[], ?::text[], ?::text[], ?::text[], ?::text[],
                      ?::int[], ?::int8[], ?::text[], ?::text[], ?::bool[], ?::int8[],
                      ?::uuid[], ?::uuid[], ?::int[], ?::bool[])
               as r (run_id, task_id, lane_id, rank, batch_index,
                     payload, payload_type, metadata, tags, idempotency_key,
                     max_attempts, max_duration_ms, delay_until, options, is_test, ttl_ms,
                     parent_run_id, root_run_id, depth, resumes_parent)
        """,
        environmentId,
        batchId,
        source.name(),
        createdAt,
        columns.runIds,
        columns.taskIds,
        columns.laneIds,
        columns.ranks,
        batchId == null ? new Integer[runs.size()] : columns.batchIndexes, // none has a place
        columns.payloads,
        columns.payloadTypes,
        columns.metadatas,
        columns.tags,
        columns.idempotencyKeys,
        columns.maxAttempts,
        columns.maxDurations,
        columns.delayUntils,
        columns.options,
        columns.tests,
        columns.ttls,
        columns.parentIds,
        columns.rootIds,
        columns.depths,
        columns.resumes);
  }

  /** Makes tagged runs findable by their tags; costs nothing when there are none. */
  void insertTags(Tx tx, int environmentId, List<RunColumns.Minted> runs) {
    List<String> tags = new ArrayList<>();
    List<UUID> runIds = new ArrayList<>();
    for (RunColumns.Minted run : runs) {
      for (String tag : run.placed().run().tags()) {
        tags.add(tag);
        runIds.add(run.runId());
      }
    }
    if (tags.isEmpty()) {
      return;
    }
    tx.update(
        """
        insert into run_tags (environment_id, tag, run_id)
        select ?, t.tag, t.run_id
          from unnest(?::text[], ?::uuid[]) as t (tag, run_id)
        """,
        environmentId,
        tags.toArray(String[]::new),
        runIds.toArray(UUID[]::new));
  }
}

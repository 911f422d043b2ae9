package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.PlacedRun;
import dev.fanfare.server.run.StoredError;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL of streamed batches and of {@code batch_items}. */
final class StreamedBatchStore {
  /** Text of the items read at once; one item always fits. */
  private static final long BYTES_AT_ONCE = 4L * 1024 * 1024;

  /** Stores a batch that has no items yet. */
  void insert(
      Tx tx,
      int environmentId,
      UUID batchId,
      int itemCount,
      @Nullable NamedParent parent,
      @Nullable String key,
      Instant createdAt) {
    tx.update(
        """
        insert into batches
               (environment_id, batch_id, status, open_runs, item_count, run_ids,
                idempotency_key, created_at, parent_run_id, resumes_parent)
        values (?, ?, 'PENDING', 0, ?, '{}', ?, ?, ?, ?)
        """,
        environmentId,
        batchId,
        itemCount,
        key,
        createdAt,
        parent == null ? null : parent.runId(),
        parent == null ? null : parent.resumes());
  }

  /**
   * How far a streamed batch is.
   *
   * @param parent the run that triggers it; absent: none does
   */
  record Progress(
      BatchStatus status, boolean sealed, int itemCount, @Nullable NamedParent parent) {}

  /** Locks a batch, so that of two streams at once one seals it and the other sees that. */
  @Nullable Progress lock(Tx tx, int environmentId, UUID batchId) {
    return tx.first(
        """
        select b.status, b.sealed_at is not null as sealed, b.item_count, b.parent_run_id,
               b.resumes_parent
          from batches b
         where b.environment_id = ?
           and b.batch_id = ?
           for update
        """,
        r -> {
          UUID parentId = r.uuidOrNull("parent_run_id");
          return new Progress(
              BatchStatus.valueOf(r.text("status")),
              r.flag("sealed"),
              r.integer("item_count"),
              parentId == null ? null : new NamedParent(parentId, r.flag("resumes_parent")));
        },
        environmentId,
        batchId);
  }

  /**
   * How many items of a locked batch are kept. A statement of its own: the one that locks sees what
   * was there when it began to wait, and not what another stream kept before it let go.
   */
  int stored(Tx tx, int environmentId, UUID batchId) {
    return Objects.requireNonNull(
        tx.first(
            """
            select count(*)::int as stored
              from batch_items
             where environment_id = ?
               and batch_id = ?
            """,
            r -> r.integer("stored"),
            environmentId,
            batchId));
  }

  /** Keeps items until their batch is sealed; returns how many were not there before. */
  int insertItems(
      Tx tx, int environmentId, UUID batchId, List<StreamedItem> items, List<PlacedRun> placed) {
    return tx.update(
        """
        insert into batch_items
               (environment_id, batch_id, item_index, task_id, lane_id, item, error)
        select ?, ?, i.item_index, i.task_id, i.lane_id, i.item, i.error
          from unnest(?::int[], ?::int[], ?::int[], ?::text[], ?::text[])
               as i (item_index, task_id, lane_id, item, error)
            on conflict do nothing
        """,
        environmentId,
        batchId,
        items.stream().mapToInt(StreamedItem::index).toArray(),
        placed.stream().mapToInt(PlacedRun::taskId).toArray(),
        placed.stream().mapToInt(PlacedRun::laneId).toArray(),
        items.stream().map(StreamedItem::text).toArray(String[]::new),
        placed.stream().map(StreamedBatchStore::error).toArray(String[]::new));
  }

  private static @Nullable String error(PlacedRun placed) {
    RunError failure = placed.run().failure();
    return failure == null ? null : StoredError.write(failure);
  }

  /** An item that was kept, and where its run will be placed. */
  record Kept(
      int index,
      String task,
      int taskId,
      int laneId,
      @Nullable Duration taskTtl,
      String text,
      @Nullable RunError failure) {}

  /** Kept items from {@code firstIndex} on, as many as fit and at least one. */
  List<Kept> items(Tx tx, int environmentId, UUID batchId, int firstIndex) {
    return tx.list(
        """
        select i.item_index, t.slug, i.task_id, i.lane_id, t.ttl_ms, i.item, i.error
          from (select i.*,
                       sum(octet_length(i.item)) over (order by i.item_index) as bytes
                  from batch_items i
                 where i.environment_id = ?
                   and i.batch_id = ?
                   and i.item_index >= ?) as i
         cross join lateral (
                 select x.slug, x.ttl_ms
                   from tasks x
                  where x.environment_id = i.environment_id
                    and x.task_id = i.task_id
                  limit 1) as t
         where i.bytes <= ?
            or i.item_index = ?
         order by i.item_index
        """,
        r -> {
          String error = r.textOrNull("error");
          return new Kept(
              r.integer("item_index"),
              r.text("slug"),
              r.integer("task_id"),
              r.integer("lane_id"),
              r.millisOrNull("ttl_ms"),
              r.text("item"),
              error == null ? null : StoredError.read(error));
        },
        environmentId,
        batchId,
        firstIndex,
        BYTES_AT_ONCE,
        firstIndex);
  }

  /** What a sealed batch has become. */
  record Sealed(List<UUID> runIds, int openRuns, List<ItemError> errors) {}

  /** Seals a batch whose runs are stored, and forgets the items they came from. */
  void seal(Tx tx, int environmentId, UUID batchId, Sealed sealed, Instant now) {
    BatchStatus status =
        sealed.errors().size() == sealed.runIds().size()
            ? BatchStatus.ABORTED
            : !sealed.errors().isEmpty()
                ? BatchStatus.PARTIAL_FAILED
                : sealed.openRuns() == 0 ? BatchStatus.COMPLETED : BatchStatus.PROCESSING;
    tx.update(
        """
        update batches
           set sealed_at = ?, status = ?::batch_status, open_runs = ?, run_ids = ?, errors = ?,
               completed_at = ?::timestamptz
         where environment_id = ?
           and batch_id = ?
        """,
        now,
        status.name(),
        sealed.openRuns(),
        sealed.runIds().toArray(UUID[]::new),
        sealed.errors().isEmpty() ? null : WireJson.mapper().writeValueAsString(sealed.errors()),
        sealed.openRuns() == 0 ? now : null,
        environmentId,
        batchId);
    deleteItems(tx, environmentId, new UUID[] {batchId});
  }

  /**
   * Gives up to {@code max} batches up that were announced before {@code before} and never sealed:
   * nothing of them runs, and their idempotency keys are free again.
   */
  int abort(Tx tx, int environmentId, Instant before, Instant now, int max) {
    List<UUID> aborted =
        tx.list(
            """
            update batches
               set status = 'ABORTED', completed_at = ?
             where environment_id = ?
               and batch_id = any (array(
                     select batch_id
                       from batches
                      where environment_id = ?
                        and sealed_at is null
                        and status = 'PENDING'
                        and created_at <= ?
                      order by created_at
                      limit ?
                        for update skip locked))
            returning batch_id
            """,
            r -> Objects.requireNonNull(r.uuid("batch_id")),
            now,
            environmentId,
            environmentId,
            before,
            max);
    UUID[] batchIds = aborted.toArray(UUID[]::new);
    if (batchIds.length > 0) {
      deleteItems(tx, environmentId, batchIds);
      tx.update(
          """
          delete from batch_keys
           where environment_id = ?
             and key_hash in (select sha256(convert_to(b.idempotency_key, 'UTF8'))
                                from batches b
                               where b.environment_id = ?
                                 and b.batch_id = any (?)
                                 and b.idempotency_key is not null)
             and batch_id = any (?)
          """,
          environmentId,
          environmentId,
          batchIds,
          batchIds);
    }
    return batchIds.length;
  }

  private static void deleteItems(Tx tx, int environmentId, UUID[] batchIds) {
    tx.update(
        """
        delete from batch_items
         where environment_id = ?
           and batch_id = any (?)
        """,
        environmentId,
        batchIds);
  }
}

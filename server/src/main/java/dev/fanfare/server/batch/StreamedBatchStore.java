package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.Lane;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.StoredError;
import dev.fanfare.server.trigger.PlacedRun;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL of streamed batches in {@code batches}, and of {@code batch_items}. */
final class StreamedBatchStore {
  /** Bounds the item texts that are read at once; one item always fits. */
  private static final long BYTES_AT_ONCE = 4L * 1024 * 1024;

  /** Inserts a batch without items. */
  void insert(
      Tx tx,
      UUID batchId,
      int itemCount,
      @Nullable NamedParent parent,
      @Nullable String idempotencyKey,
      Instant createdAt) {
    tx.sql(
            """
            insert into batches
                   (environment_id, batch_id, status, open_runs, item_count, run_ids,
                    idempotency_key, created_at, parent_run_id, resumes_parent, announced)
            values (:environment, :batch_id, 'PENDING', 0, :item_count, '{}',
                    :idempotency_key, :created_at, :parent_run_id, :resumes_parent, true)
            """)
        .bind("batch_id", batchId)
        .bind("item_count", itemCount)
        .bind("idempotency_key", idempotencyKey)
        .bind("created_at", createdAt)
        .bind("parent_run_id", parent == null ? null : parent.runId())
        .bind("resumes_parent", parent == null ? null : parent.resumes())
        .update();
  }

  /**
   * The state of a streamed batch.
   *
   * @param parent the run that triggers it; absent: none
   */
  record Progress(BatchStatus status, boolean sealed, int itemCount, @Nullable NamedParent parent) {
    /** Whether it still accepts items. */
    boolean isOpen() {
      return !sealed && status == BatchStatus.PENDING;
    }
  }

  /** Locks a batch, so that one of two concurrent streams seals it and the other sees it sealed. */
  @Nullable Progress lock(Tx tx, UUID batchId) {
    return tx.sql(
            """
            select b.status, b.sealed_at is not null as sealed, b.item_count, b.parent_run_id,
                   b.resumes_parent
              from batches b
             where b.environment_id = :environment
               and b.batch_id = :batch_id
               and within(b.batch_id, :batch_id)
               for update
            """)
        .bind("batch_id", batchId)
        .first(r -> {
          UUID parentId = r.uuidOrNull("parent_run_id");
          return new Progress(
              BatchStatus.valueOf(r.text("status")),
              r.flag("sealed"),
              r.integer("item_count"),
              parentId == null ? null : new NamedParent(parentId, r.flag("resumes_parent")));
        });
  }

  /**
   * The number of stored items of a locked batch. This must follow the lock as a statement of its
   * own: the locking statement would not see items that were committed while it waited.
   */
  int stored(Tx tx, UUID batchId) {
    return Objects.requireNonNull(
        tx.sql(
                """
                select count(*)::int as stored
                  from batch_items
                 where environment_id = :environment
                   and batch_id = :batch_id
                """)
            .bind("batch_id", batchId)
            .first(r -> r.integer("stored")));
  }

  /** Inserts items and returns the number of new ones; {@code placed} has the same order. */
  int insertItems(Tx tx, UUID batchId, List<StreamedItem> items, List<PlacedRun> placed) {
    return tx.sql(
            """
            insert into batch_items
                   (environment_id, batch_id, item_index, task_id, lane_id, item, error)
            select :environment, :batch_id, i.item_index, i.task_id, i.lane_id, i.item, i.error
              from unnest(:item_indexes::int[], :task_ids::int[], :lane_ids::int8[], :items::text[],
                          :errors::text[])
                   as i (item_index, task_id, lane_id, item, error)
                on conflict do nothing
            """)
        .bind("batch_id", batchId)
        .ints("item_indexes", items, StreamedItem::index)
        .ints("task_ids", placed, PlacedRun::taskId)
        .longs("lane_ids", placed, PlacedRun::laneId)
        .texts("items", items, StreamedItem::text)
        .texts("errors", placed, StreamedBatchStore::error)
        .update();
  }

  private static @Nullable String error(PlacedRun placed) {
    RunError failure = placed.run().failure();
    return failure == null ? null : StoredError.write(failure);
  }

  /**
   * A stored item with the lane of its future run.
   *
   * @param lane the key of the lane
   * @param taskTtl the task's time to live; absent: none
   * @param text the item as it was sent
   * @param failure why the item cannot be executed; absent: it can
   */
  record StoredItem(
      int index,
      String task,
      Lane lane,
      long laneId,
      @Nullable Duration taskTtl,
      String text,
      @Nullable RunError failure) {}

  /** Stored items from {@code firstIndex} on: as many as fit into the bound, at least one. */
  List<StoredItem> items(Tx tx, UUID batchId, int firstIndex) {
    return tx.sql(
            """
            select i.item_index, t.slug, i.task_id, i.lane_id, l.queue_id, l.concurrency_key,
                   l.version_id, t.ttl_ms, i.item, i.error
              from (select i.*,
                           sum(octet_length(i.item)) over (order by i.item_index) as bytes
                      from batch_items i
                     where i.environment_id = :environment
                       and i.batch_id = :batch_id
                       and i.item_index >= :first_index) as i
             cross join lateral (
                     select x.slug, x.ttl_ms
                       from tasks x
                      where x.environment_id = i.environment_id
                        and x.task_id = i.task_id
                      limit 1) as t
             left join lateral (
                     select x.queue_id, x.concurrency_key, x.version_id
                       from lanes x
                      where x.environment_id = i.environment_id
                        and x.lane_id = i.lane_id
                      limit 1) as l on true
             where i.bytes <= :bytes_at_once
                or i.item_index = :first_index
             order by i.item_index
            """)
        .bind("batch_id", batchId)
        .bind("first_index", firstIndex)
        .bind("bytes_at_once", BYTES_AT_ONCE)
        .list(r -> {
          String error = r.textOrNull("error");
          return new StoredItem(
              r.integer("item_index"),
              r.text("slug"),
              new Lane(
                  r.integer("queue_id"),
                  r.text("concurrency_key"),
                  r.integer("task_id"),
                  r.integer("version_id")),
              r.bigint("lane_id"),
              r.millisOrNull("ttl_ms"),
              r.text("item"),
              error == null ? null : StoredError.read(error));
        });
  }

  /** The runs of a batch that is sealed. */
  record Sealed(List<UUID> runIds, int openRuns, List<ItemError> errors) {}

  /**
   * Seals a batch after its runs were created, and deletes its stored items. A batch that is
   * ABORTED, because no item could become a run, frees its batch key.
   */
  void seal(Tx tx, UUID batchId, Sealed sealed, Instant now) {
    BatchStatus status =
        sealed.errors().size() == sealed.runIds().size()
            ? BatchStatus.ABORTED
            : !sealed.errors().isEmpty()
                ? BatchStatus.PARTIAL_FAILED
                : sealed.openRuns() == 0 ? BatchStatus.COMPLETED : BatchStatus.PROCESSING;
    tx.sql(
            """
            update batches
               set sealed_at = :now, status = :status::batch_status, open_runs = :open_runs,
                   run_ids = :run_ids, errors = :errors,
                   completed_at = :completed_at::timestamptz
             where environment_id = :environment
               and batch_id = :batch_id
               and within(batch_id, :batch_id)
            """)
        .bind("now", now)
        .bind("status", status.name())
        .bind("open_runs", sealed.openRuns())
        .uuids("run_ids", sealed.runIds())
        .bind(
            "errors",
            sealed.errors().isEmpty()
                ? null
                : WireJson.mapper().writeValueAsString(sealed.errors()))
        .bind("completed_at", sealed.openRuns() == 0 ? now : null)
        .bind("batch_id", batchId)
        .update();
    deleteItems(tx, List.of(batchId));
    if (status == BatchStatus.ABORTED) {
      freeKeys(tx, List.of(batchId));
    }
  }

  /**
   * Aborts up to {@code max} batches that were announced by {@code announcedBy} and are not sealed:
   * deletes their items and frees their batch keys. Returns their number.
   */
  int abort(Tx tx, Instant announcedBy, Instant now, int max) {
    List<UUID> aborted =
        tx.sql(
                """
                select batch_id
                  from batches
                 where environment_id = :environment
                   and sealed_at is null
                   and status = 'PENDING'
                   and created_at <= :announced_by
                 order by created_at
                 limit :max
                   for update skip locked
                """)
            .bind("announced_by", announcedBy)
            .bind("max", max)
            .list(r -> r.uuid("batch_id"));
    if (!aborted.isEmpty()) {
      tx.sql(
              """
              update batches
                 set status = 'ABORTED', completed_at = :now
               where environment_id = :environment
                 and batch_id = any (:batch_ids)
                 and within(batch_id, :batch_ids)
              """)
          .bind("now", now)
          .uuids("batch_ids", aborted)
          .update();
      deleteItems(tx, aborted);
      freeKeys(tx, aborted);
    }
    return aborted.size();
  }

  /** Frees the batch keys of aborted batches, so that their clients can try again. */
  private static void freeKeys(Tx tx, List<UUID> batchIds) {
    tx.sql(
            """
            delete from batch_keys
             where environment_id = :environment
               and key_hash in (select sha256(convert_to(b.idempotency_key, 'UTF8'))
                                  from batches b
                                 where b.environment_id = :environment
                                   and b.batch_id = any (:batch_ids)
                                   and within(b.batch_id, :batch_ids)
                                   and b.idempotency_key is not null)
               and batch_id = any (:batch_ids)
            """)
        .uuids("batch_ids", batchIds)
        .update();
  }

  private static void deleteItems(Tx tx, List<UUID> batchIds) {
    tx.sql(
            """
            delete from batch_items
             where environment_id = :environment
               and batch_id = any (:batch_ids)
            """)
        .uuids("batch_ids", batchIds)
        .update();
  }
}

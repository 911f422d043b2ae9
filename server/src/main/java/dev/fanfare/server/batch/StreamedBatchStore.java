package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Statement;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.NamedParent;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL of streamed batches in {@code batches}. */
final class StreamedBatchStore {
  /** When the oldest batch of each environment was announced that is not sealed. */
  static final String DUE =
      """
      select e.environment_id, d.created_at as at
        from environments e
       cross join lateral (
               select x.created_at
                 from batches x
                where x.environment_id = e.environment_id
                  and x.sealed_at is null
                  and x.status = 'PENDING'
                order by x.created_at
                limit 1) as d
      """;

  /** How many items that cannot become runs are listed with their errors. */
  static final int ERRORS_MAX = 1_000;

  private final ItemStore items = new ItemStore();

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
                   (environment_id, batch_id, status, open_runs, item_count, first_ids,
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
   * @param itemCount 0: not known yet
   * @param storedItems how many of its items are stored; without meaning once it is sealed
   * @param parent the run that triggers it; absent: none
   */
  record Progress(
      BatchStatus status,
      boolean sealed,
      int itemCount,
      int storedItems,
      @Nullable NamedParent parent) {
    /** Whether it still accepts items. */
    boolean isOpen() {
      return !sealed && status == BatchStatus.PENDING;
    }

    /** Whether it has all its items and can be sealed. */
    boolean isComplete() {
      return isOpen() && itemCount > 0 && storedItems == itemCount;
    }

    /** The state after more items were stored. */
    Progress plus(int items) {
      return new Progress(status, sealed, itemCount, storedItems + items, parent);
    }

    /** The state after the seal. */
    Progress asSealed() {
      return new Progress(status, true, itemCount, storedItems, parent);
    }
  }

  /** Locks a batch, so that one of two concurrent streams seals it and the other sees it sealed. */
  @Nullable Progress lock(Tx tx, UUID batchId) {
    return lockStatement(tx, batchId).first(StreamedBatchStore::progress);
  }

  /** As {@link #lock}, later; the list is empty if there is no such batch. */
  Later<List<Progress>> lockLater(Tx tx, UUID batchId) {
    return lockStatement(tx, batchId).listLater(StreamedBatchStore::progress);
  }

  private static Statement lockStatement(Tx tx, UUID batchId) {
    return tx.sql(
            """
            select b.status, b.sealed_at is not null as sealed, b.item_count, b.stored_items,
                   b.parent_run_id, b.resumes_parent
              from batches b
             where b.environment_id = :environment
               and b.batch_id = :batch_id
               and within(b.batch_id, :batch_id)
               for update
            """)
        .bind("batch_id", batchId);
  }

  private static Progress progress(Row r) throws SQLException {
    UUID parentId = r.uuidOrNull("parent_run_id");
    return new Progress(
        BatchStatus.valueOf(r.text("status")),
        r.flag("sealed"),
        r.integer("item_count"),
        r.integer("stored_items"),
        parentId == null ? null : new NamedParent(parentId, r.flag("resumes_parent")));
  }

  /** Counts items that were stored in a locked batch, later. */
  void countStored(Tx tx, UUID batchId, int items) {
    tx.sql(
            """
            update batches
               set stored_items = stored_items + :items
             where environment_id = :environment
               and batch_id = :batch_id
               and within(batch_id, :batch_id)
            """)
        .bind("items", items)
        .bind("batch_id", batchId)
        .updateLater();
  }

  /** Sets the number of items of a locked batch. */
  void setCount(Tx tx, UUID batchId, int count) {
    tx.sql(
            """
            update batches
               set item_count = :count
             where environment_id = :environment
               and batch_id = :batch_id
               and within(batch_id, :batch_id)
            """)
        .bind("count", count)
        .bind("batch_id", batchId)
        .updateLater();
  }

  /**
   * The runs of a batch that is sealed.
   *
   * @param errors of the first items that could not become runs
   * @param failed the number of these items
   */
  record Sealed(RunRanges runIds, int openRuns, List<ItemError> errors, int failed) {}

  /**
   * Seals a batch after its runs were created, and deletes its stored items. A batch that is
   * ABORTED, because no item could become a run, frees its batch key.
   */
  void seal(Tx tx, UUID batchId, Sealed sealed, Instant now) {
    BatchStatus status =
        sealed.failed() == sealed.runIds().size()
            ? BatchStatus.ABORTED
            : sealed.failed() > 0
                ? BatchStatus.PARTIAL_FAILED
                : sealed.openRuns() == 0 ? BatchStatus.COMPLETED : BatchStatus.PROCESSING;
    tx.sql(
            """
            update batches
               set sealed_at = :now, status = :status::batch_status, open_runs = :open_runs,
                   first_ids = :first_ids, last_ids = :last_ids, errors = :errors,
                   failed_items = :failed_items,
                   completed_at = :completed_at::timestamptz
             where environment_id = :environment
               and batch_id = :batch_id
               and within(batch_id, :batch_id)
            """)
        .bind("now", now)
        .bind("status", status.name())
        .bind("open_runs", sealed.openRuns())
        .uuids("first_ids", sealed.runIds().firstIds())
        .uuids("last_ids", sealed.runIds().lastIds())
        .bind("failed_items", sealed.failed())
        .bind(
            "errors",
            sealed.errors().isEmpty()
                ? null
                : WireJson.mapper().writeValueAsString(sealed.errors()))
        .bind("completed_at", sealed.openRuns() == 0 ? now : null)
        .bind("batch_id", batchId)
        .update();
    items.delete(tx, List.of(batchId));
    if (status == BatchStatus.ABORTED) {
      freeKeys(tx, List.of(batchId));
    }
  }

  /**
   * Aborts batches that were announced by {@code announcedBy} and are not sealed: deletes their
   * items and frees their batch keys. Returns their number, which is limited, as is that of their
   * items, unless it is one batch.
   */
  int abort(Tx tx, Instant announcedBy, Instant now, int max, int itemsMax) {
    List<Unsealed> found =
        tx.sql(
                """
                select batch_id, stored_items
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
            .list(r -> new Unsealed(r.uuid("batch_id"), r.integer("stored_items")));
    List<UUID> aborted = first(found, itemsMax);
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
      items.delete(tx, aborted);
      freeKeys(tx, aborted);
    }
    return aborted.size();
  }

  private record Unsealed(UUID id, int items) {}

  private static List<UUID> first(List<Unsealed> batches, int itemsMax) {
    List<UUID> first = new ArrayList<>();
    long items = 0;
    for (Unsealed batch : batches) {
      items += batch.items();
      if (items > itemsMax && !first.isEmpty()) {
        break;
      }
      first.add(batch.id());
    }
    return first;
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
}

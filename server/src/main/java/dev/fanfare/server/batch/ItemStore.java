package dev.fanfare.server.batch;

import dev.fanfare.protocol.RunError;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.Lane;
import dev.fanfare.server.run.StoredError;
import dev.fanfare.server.trigger.PlacedRun;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code batch_items}: items of streamed batches that are stored one by one, as they were
 * sent. Its statements about indexes and the deletion include those of {@link PartStore}.
 */
final class ItemStore {
  /** Bounds the item texts that are read at once; one item always fits. */
  private static final long BYTES_AT_ONCE = 4L * 1024 * 1024;

  /** Bounds the items whose sizes are read at once. */
  private static final int ITEMS_AT_ONCE = 10_000;

  private final PartStore parts = new PartStore();

  /** The greatest index of a stored item; -1 without any. */
  int greatestIndex(Tx tx, UUID batchId) {
    Integer greatest =
        tx.sql(
                """
                select greatest(
                         coalesce((select p.first_index + p.n - 1
                                     from batch_parts p
                                    where p.environment_id = :environment
                                      and p.batch_id = :batch_id
                                    order by p.first_index desc
                                    limit 1), -1),
                         coalesce((select i.item_index
                                     from batch_items i
                                    where i.environment_id = :environment
                                      and i.batch_id = :batch_id
                                    order by i.item_index desc
                                    limit 1), -1)) as greatest
                """)
            .bind("batch_id", batchId)
            .first(r -> r.integer("greatest"));
    return greatest == null ? -1 : greatest;
  }

  /** Indexes that follow each other. */
  record Indexes(int first, int n) {
    /** The index after the last one. */
    int end() {
      return first + n;
    }
  }

  /** The indexes of stored items between two, in ascending order. */
  List<Indexes> indexes(Tx tx, UUID batchId, int least, int greatest) {
    return tx.sql(
            """
            select i.first_index, i.n
              from (select p.first_index, p.n
                      from batch_parts p
                     where p.environment_id = :environment
                       and p.batch_id = :batch_id
                       and p.first_index > :least - :part_max
                       and p.first_index <= :greatest
                    union all
                    select x.item_index, 1
                      from batch_items x
                     where x.environment_id = :environment
                       and x.batch_id = :batch_id
                       and x.item_index >= :least
                       and x.item_index <= :greatest) as i
             order by i.first_index
            """)
        .bind("batch_id", batchId)
        .bind("least", least)
        .bind("greatest", greatest)
        .bind("part_max", ItemBuffer.ITEMS_MAX)
        .list(r -> new Indexes(r.integer("first_index"), r.integer("n")));
  }

  /** Inserts new items, as they were sent; {@code placed} has the same order. */
  void insert(Tx tx, UUID batchId, List<StreamedItem> items, List<PlacedRun> placed) {
    tx.sql(
            """
            insert into batch_items
                   (environment_id, batch_id, item_index, task_id, lane_id, item, error)
            select :environment, :batch_id, i.item_index, i.task_id, i.lane_id, i.item, i.error
              from unnest(:item_indexes::int[], :task_ids::int[], :lane_ids::int8[], :items::text[],
                          :errors::text[])
                   as i (item_index, task_id, lane_id, item, error)
            """)
        .bind("batch_id", batchId)
        .ints("item_indexes", items, StreamedItem::index)
        .ints("task_ids", placed, PlacedRun::taskId)
        .longs("lane_ids", placed, PlacedRun::laneId)
        .texts("items", items, StreamedItem::text)
        .texts("errors", placed, ItemStore::error)
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

  /**
   * Stored items from {@code firstIndex} on: as many as fit into the bound, at least one.
   *
   * @param before greater than all their indexes
   */
  List<StoredItem> items(Tx tx, UUID batchId, int firstIndex, int before) {
    return tx.sql(
            """
            select i.item_index, t.slug, i.task_id, i.lane_id, l.queue_id, l.concurrency_key,
                   l.version_id, t.ttl_ms, i.item, i.error
              from (select i.*,
                           sum(octet_length(i.item)) over (order by i.item_index) as bytes
                      from batch_items i
                     where i.environment_id = :environment
                       and i.batch_id = :batch_id
                       and i.item_index >= :first_index
                       and i.item_index < :before) as i
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
        .bind("before", Math.min(before, firstIndex + ITEMS_AT_ONCE))
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

  /** Deletes all items of these batches. */
  void delete(Tx tx, List<UUID> batchIds) {
    parts.delete(tx, batchIds);
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

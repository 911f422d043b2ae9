package dev.fanfare.server.batch;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The result of a batch trigger.
 *
 * @param batchId the batch that answers the trigger
 * @param cached whether an older batch answers it because it holds the batch key
 * @param repeated whether an older batch answers it, by either key
 * @param key the batch key; absent: none
 * @param items the run of each item, in item order; without those of an older batch that were
 *     dropped
 */
public record TriggeredBatch(
    UUID batchId, boolean cached, boolean repeated, @Nullable String key, List<Item> items) {

  /** The result for a batch that the trigger created. */
  static TriggeredBatch created(UUID batchId, @Nullable String key, List<Item> items) {
    return new TriggeredBatch(batchId, false, false, key, items);
  }

  /**
   * The run of one item.
   *
   * @param cached whether an older run answers the item because it holds the idempotency key
   * @param key the item's idempotency key; absent: none
   */
  public record Item(UUID runId, String task, boolean cached, @Nullable String key) {}
}

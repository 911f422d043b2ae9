package dev.fanfare.server.batch;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What became of a batch trigger.
 *
 * @param batchId the batch that answers it
 * @param cached whether that batch was there before, by its idempotency key
 * @param repeated whether it was there before at all
 * @param key the batch's idempotency key; absent: none
 * @param items one for each item, in item order
 */
public record TriggeredBatch(
    UUID batchId, boolean cached, boolean repeated, @Nullable String key, List<Item> items) {

  /**
   * The run of one item.
   *
   * @param cached whether the run was there before, by its idempotency key
   * @param key the item's idempotency key; absent: none
   */
  public record Item(UUID runId, String task, boolean cached, @Nullable String key) {
    Item asCached() {
      return new Item(runId, task, true, key);
    }
  }
}

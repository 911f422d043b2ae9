package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A stored batch.
 *
 * @param itemCount the number of its items; of a streamed batch, the announced number, or 0 if its
 *     last stream is to tell it
 * @param storedItems of a streamed batch: how many items it had before its seal
 * @param runIds the run of each item, in item order: a new run or the older one that answers the
 *     item; empty until the batch is sealed
 * @param errors the items that could not be triggered, the first ones if they are many
 * @param failedItems the number of items that could not be triggered
 * @param announced whether its items were, or will be, streamed
 * @param sealedAt when it had all its items; absent: items are missing
 * @param completedAt when the last of the runs that it created became final, or when it was
 *     aborted; absent: some are not final
 */
public record Batch(
    UUID id,
    BatchStatus status,
    int itemCount,
    int storedItems,
    List<UUID> runIds,
    List<ItemError> errors,
    int failedItems,
    @Nullable String idempotencyKey,
    boolean announced,
    Instant createdAt,
    @Nullable Instant sealedAt,
    @Nullable Instant completedAt) {

  /** Whether it was aborted because it lacked items. */
  boolean isGivenUp() {
    return sealedAt == null && status == BatchStatus.ABORTED;
  }
}

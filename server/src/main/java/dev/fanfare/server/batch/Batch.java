package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A stored batch.
 *
 * @param itemCount how many items it has, or will have
 * @param runIds a run for each item, in item order; an item answered by an older run names that;
 *     empty until the batch is sealed
 * @param errors the items that could not be triggered
 * @param sealedAt when all its items were there; absent: some are still to come
 * @param completedAt when the last of its own runs ended; absent: some are not final
 */
public record Batch(
    UUID id,
    BatchStatus status,
    int itemCount,
    List<UUID> runIds,
    List<ItemError> errors,
    @Nullable String idempotencyKey,
    Instant createdAt,
    @Nullable Instant sealedAt,
    @Nullable Instant completedAt) {}

package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A stored batch.
 *
 * @param runIds a run for each item, in item order; an item answered by an older run names that
 * @param completedAt when the last of its own runs ended; absent: some are not final
 */
public record Batch(
    UUID id,
    BatchStatus status,
    List<UUID> runIds,
    @Nullable String idempotencyKey,
    Instant createdAt,
    @Nullable Instant completedAt) {}

package dev.fanfare.sdk;

import dev.fanfare.protocol.BatchStatus;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A batch as it stood when it was read.
 *
 * @param id {@code batch_…}
 * @param status COMPLETED when every run is final, whatever the outcomes
 * @param runCount items in all
 * @param runs run ids, one for each item, in item order
 * @param idempotencyKey absent: none
 */
public record Batch(
    String id,
    BatchStatus status,
    int runCount,
    List<String> runs,
    @Nullable String idempotencyKey,
    Instant createdAt,
    Instant updatedAt) {

  /** Whether it will not change any more. */
  public boolean isCompleted() {
    return status != BatchStatus.PENDING && status != BatchStatus.PROCESSING;
  }
}

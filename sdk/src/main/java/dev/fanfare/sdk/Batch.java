package dev.fanfare.sdk;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.fanfare.protocol.BatchStatus;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A batch as it was when it was read. Immutable.
 *
 * @param id {@code batch_…}
 * @param status {@code COMPLETED} when every run is final, whatever the outcomes
 * @param runCount the number of items
 * @param runIds one run id per item, in item order; see {@link Batches#await}
 * @param idempotencyKey absent: none
 * @param createdAt when it was triggered
 * @param updatedAt when it last changed
 */
public record Batch(
    String id,
    BatchStatus status,
    int runCount,
    @JsonProperty("runs") List<String> runIds,
    @Nullable String idempotencyKey,
    Instant createdAt,
    Instant updatedAt) {

  /**
   * Whether its status no longer changes: every run is final. The one exception is a streamed batch
   * in which some items could not become runs: it is {@code PARTIAL_FAILED} from its seal on, while
   * its runs may still execute.
   */
  public boolean isFinal() {
    return status != BatchStatus.PENDING && status != BatchStatus.PROCESSING;
  }
}

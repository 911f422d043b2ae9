package dev.fanfare.sdk;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of triggering a batch, which is durable by now. Immutable.
 *
 * @param id the batch's id, {@code batch_…}
 * @param runIds one run id per item, in item order; an item whose idempotency key was used before
 *     has the id of the existing run. Empty if the batch was sent in several parts
 * @param isCached whether the batch already existed, by its idempotency key
 * @param items the same runs, each with whether it already existed; empty when the server does not
 *     send them
 */
public record BatchHandle(
    @JsonProperty("batchId") String id,
    @JsonProperty("runs") List<String> runIds,
    boolean isCached,
    List<RunHandle> items) {

  /** Copies the lists; absent items become an empty list. */
  public BatchHandle(
      String id, List<String> runIds, boolean isCached, @Nullable List<RunHandle> items) {
    this.id = id;
    this.runIds = List.copyOf(runIds);
    this.isCached = isCached;
    this.items = items == null ? List.of() : List.copyOf(items);
  }
}

package dev.fanfare.sdk;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a batch trigger: the batch is durable when it is had.
 *
 * @param batchId the batch's id, {@code batch_…}
 * @param runs the ids of the runs, one for each item, in item order; an item whose idempotency key
 *     was used before names the run it made then
 * @param isCached whether that batch was there before, by its idempotency key
 * @param items the same runs, each with whether it was there before; empty from a server that does
 *     not tell
 */
public record BatchHandle(
    String batchId, List<String> runs, boolean isCached, List<RunHandle> items) {

  /** What the server answered. */
  public BatchHandle(
      String batchId, List<String> runs, boolean isCached, @Nullable List<RunHandle> items) {
    this.batchId = batchId;
    this.runs = List.copyOf(runs);
    this.isCached = isCached;
    this.items = items == null ? List.of() : List.copyOf(items);
  }
}

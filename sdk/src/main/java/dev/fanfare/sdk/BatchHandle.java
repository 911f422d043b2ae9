package dev.fanfare.sdk;

import java.util.List;

/**
 * The answer to a batch trigger: the batch is durable when it is had.
 *
 * @param batchId the batch's id, {@code batch_…}
 * @param runs the ids of the runs, one for each item, in item order; an item whose idempotency key
 *     was used before names the run it made then
 * @param isCached whether that batch was there before, by its idempotency key
 */
public record BatchHandle(String batchId, List<String> runs, boolean isCached) {}

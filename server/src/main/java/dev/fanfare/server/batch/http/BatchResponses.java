package dev.fanfare.server.batch.http;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.batch.AddItems;
import dev.fanfare.server.batch.AnnounceBatch;
import dev.fanfare.server.batch.Batch;
import dev.fanfare.server.batch.TriggeredBatch;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The responses of the batch routes; see also {@link TriggeredBatchJson}. */
final class BatchResponses {
  private BatchResponses() {}

  /** The response of version 2, which contains the number of runs but not the runs. */
  public static Map<String, Object> counted(TriggeredBatch batch) {
    return Map.of(
        "id",
        PublicId.format(PublicId.BATCH, batch.batchId()),
        "runCount",
        batch.items().size(),
        "isCached",
        batch.cached());
  }

  /**
   * The response to an announcement.
   *
   * @param key the batch key to return; absent: none
   */
  public static Map<String, Object> announced(AnnounceBatch.Announced batch, @Nullable String key) {
    Map<String, Object> response = new LinkedHashMap<>();
    response.put("id", PublicId.format(PublicId.BATCH, batch.batchId()));
    response.put("runCount", batch.itemCount());
    response.put("isCached", batch.closed());
    putIfPresent(response, "idempotencyKey", key);
    return response;
  }

  /** The response to a stream of items. */
  public static Map<String, Object> added(String id, AddItems.Added added) {
    Map<String, Object> response = new LinkedHashMap<>();
    response.put("id", id);
    response.put("itemsAccepted", added.accepted());
    response.put("itemsDeduplicated", added.deduplicated());
    response.put("sealed", added.sealed());
    if (!added.sealed()) {
      response.put("enqueuedCount", added.stored());
      response.put("expectedCount", added.itemCount());
    }
    response.put("runCount", added.itemCount());
    return response;
  }

  /**
   * A stored batch, with the fields of both versions of the route.
   *
   * @param runIds those of its runs, or none
   * @param sdkVersion the version of the calling SDK; absent: the caller is not an SDK
   */
  public static Map<String, Object> batch(
      Batch batch, List<UUID> runIds, @Nullable String sdkVersion) {
    Map<String, Object> response = new LinkedHashMap<>();
    response.put("id", PublicId.format(PublicId.BATCH, batch.id()));
    response.put("status", status(batch.status(), sdkVersion).name());
    putIfPresent(response, "idempotencyKey", batch.idempotencyKey());
    response.put("createdAt", batch.createdAt());
    response.put("updatedAt", updatedAt(batch));
    response.put("runCount", batch.itemCount());
    Iterable<String> runs = () -> runIds.stream().map(BatchResponses::runId).iterator();
    response.put("runs", runs); // written one by one: there may be a million
    // These count whether items were triggered, not how their runs ended.
    response.put("successfulRunCount", batch.runIds().size() - batch.failedItems());
    response.put("failedRunCount", batch.failedItems());
    if (batch.announced() && batch.sealedAt() == null) {
      response.put("enqueuedCount", batch.storedItems());
    }
    putIfPresent(response, "errors", batch.errors().isEmpty() ? null : batch.errors());
    Map<String, Object> processing = new LinkedHashMap<>();
    if (batch.sealedAt() != null) {
      response.put("processingCompletedAt", batch.sealedAt());
      processing.put("completedAt", batch.sealedAt());
    }
    processing.put("errors", batch.errors());
    response.put("processing", processing);
    return response;
  }

  private static Instant updatedAt(Batch batch) {
    if (batch.completedAt() != null) {
      return batch.completedAt();
    }
    return batch.sealedAt() != null ? batch.sealedAt() : batch.createdAt();
  }

  /** SDKs of version 3 know two statuses of a batch and fail on others. */
  private static BatchStatus status(BatchStatus status, @Nullable String sdkVersion) {
    if (sdkVersion == null || !sdkVersion.startsWith("3.")) {
      return status;
    }
    return switch (status) {
      case PENDING, PROCESSING -> BatchStatus.PENDING;
      case COMPLETED, PARTIAL_FAILED, ABORTED -> BatchStatus.COMPLETED;
    };
  }

  private static String runId(UUID id) {
    return PublicId.format(PublicId.RUN, id);
  }

  private static void putIfPresent(
      Map<String, Object> response, String name, @Nullable Object value) {
    if (value != null) {
      response.put(name, value);
    }
  }
}

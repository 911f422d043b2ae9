package dev.fanfare.server.batch.http;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.batch.AddItems;
import dev.fanfare.server.batch.Batch;
import dev.fanfare.server.batch.CreateBatch;
import dev.fanfare.server.batch.TriggeredBatch;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** How batches look in the answers of the version 1 and 2 endpoints. */
final class BatchResponses {
  private BatchResponses() {}

  /**
   * The answer to a trigger, one object for two readers: the documented one takes {@code batchId}
   * and the ids in {@code runs}, the SDKs of version 3.3 and later take {@code id} and objects in
   * {@code runs}. Both find everything under {@code items}.
   *
   * @param runsAsObjects whether {@code runs} holds objects
   */
  public static Map<String, Object> triggered(TriggeredBatch batch, boolean runsAsObjects) {
    List<Map<String, Object>> items = batch.items().stream().map(BatchResponses::item).toList();
    List<String> runIds = runIds(batch.items().stream().map(TriggeredBatch.Item::runId).toList());
    Map<String, Object> answer = new LinkedHashMap<>();
    String id = PublicId.format(PublicId.BATCH, batch.batchId());
    answer.put("id", id);
    answer.put("batchId", id);
    answer.put("isCached", batch.cached());
    putIfPresent(answer, "idempotencyKey", batch.key());
    answer.put("runCount", items.size());
    answer.put("runs", runsAsObjects ? items : runIds);
    answer.put("runIds", runIds);
    answer.put("items", items);
    return answer;
  }

  private static Map<String, Object> item(TriggeredBatch.Item item) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", PublicId.format(PublicId.RUN, item.runId()));
    answer.put("taskIdentifier", item.task());
    answer.put("isCached", item.cached());
    putIfPresent(answer, "idempotencyKey", item.key());
    return answer;
  }

  /** The answer of version 2, which leaves the runs to be read later. */
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
   * The answer to an announcement.
   *
   * @param key echoed only when the batch is new
   */
  public static Map<String, Object> created(CreateBatch.Created batch, @Nullable String key) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", PublicId.format(PublicId.BATCH, batch.batchId()));
    answer.put("runCount", batch.itemCount());
    answer.put("isCached", batch.cached());
    putIfPresent(answer, "idempotencyKey", key);
    return answer;
  }

  /** The answer to a stream of items. */
  public static Map<String, Object> added(String id, AddItems.Added added) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", id);
    answer.put("itemsAccepted", added.accepted());
    answer.put("itemsDeduplicated", added.deduplicated());
    answer.put("sealed", added.sealed());
    if (!added.sealed()) {
      answer.put("enqueuedCount", added.stored());
      answer.put("expectedCount", added.itemCount());
    }
    answer.put("runCount", added.itemCount());
    return answer;
  }

  /**
   * A stored batch, for both versions of the endpoint at once.
   *
   * @param sdkVersion of the SDK that asks; absent: none does
   */
  public static Map<String, Object> batch(Batch batch, @Nullable String sdkVersion) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", PublicId.format(PublicId.BATCH, batch.id()));
    answer.put("status", status(batch.status(), sdkVersion).name());
    putIfPresent(answer, "idempotencyKey", batch.idempotencyKey());
    answer.put("createdAt", batch.createdAt());
    answer.put("updatedAt", updatedAt(batch));
    answer.put("runCount", batch.itemCount());
    answer.put("runs", runIds(batch.runIds()));
    // Of triggering, not of how the runs ended.
    answer.put("successfulRunCount", batch.runIds().size() - batch.errors().size());
    answer.put("failedRunCount", batch.errors().size());
    putIfPresent(answer, "errors", batch.errors().isEmpty() ? null : batch.errors());
    Map<String, Object> processing = new LinkedHashMap<>();
    if (batch.sealedAt() != null) {
      answer.put("processingCompletedAt", batch.sealedAt());
      processing.put("completedAt", batch.sealedAt());
    }
    processing.put("errors", batch.errors());
    answer.put("processing", processing);
    return answer;
  }

  private static Instant updatedAt(Batch batch) {
    if (batch.completedAt() != null) {
      return batch.completedAt();
    }
    return batch.sealedAt() != null ? batch.sealedAt() : batch.createdAt();
  }

  /** The SDKs of version 3 know two states of a batch and break on the others. */
  private static BatchStatus status(BatchStatus status, @Nullable String sdkVersion) {
    if (sdkVersion == null || !sdkVersion.startsWith("3.")) {
      return status;
    }
    return switch (status) {
      case PENDING, PROCESSING -> BatchStatus.PENDING;
      case COMPLETED, PARTIAL_FAILED, ABORTED -> BatchStatus.COMPLETED;
    };
  }

  private static List<String> runIds(List<UUID> runIds) {
    return runIds.stream().map(id -> PublicId.format(PublicId.RUN, id)).toList();
  }

  private static void putIfPresent(
      Map<String, Object> answer, String name, @Nullable Object value) {
    if (value != null) {
      answer.put(name, value);
    }
  }
}

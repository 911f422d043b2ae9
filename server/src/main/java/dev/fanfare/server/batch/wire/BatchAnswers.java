package dev.fanfare.server.batch.wire;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.batch.Batch;
import dev.fanfare.server.batch.TriggeredBatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** How batches look in the answers of the version 1 and 2 endpoints. */
public final class BatchAnswers {
  private BatchAnswers() {}

  /**
   * The answer to a trigger, one object for two readers: the documented one takes {@code batchId}
   * and the ids in {@code runs}, the SDKs of version 3.3 and later take {@code id} and objects in
   * {@code runs}. Both find everything under {@code items}.
   *
   * @param runsAsObjects whether {@code runs} holds objects
   */
  public static Map<String, Object> triggered(TriggeredBatch batch, boolean runsAsObjects) {
    List<Map<String, Object>> items = batch.items().stream().map(BatchAnswers::item).toList();
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

  /** A stored batch, for both versions of the endpoint at once. */
  public static Map<String, Object> batch(Batch batch) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", PublicId.format(PublicId.BATCH, batch.id()));
    answer.put("status", batch.status().name());
    putIfPresent(answer, "idempotencyKey", batch.idempotencyKey());
    answer.put("createdAt", batch.createdAt());
    answer.put("updatedAt", batch.completedAt() != null ? batch.completedAt() : batch.createdAt());
    answer.put("runCount", batch.runIds().size());
    answer.put("runs", runIds(batch.runIds()));
    // Every item became a run: these two speak of triggering, not of how the runs ended.
    answer.put("successfulRunCount", batch.runIds().size());
    answer.put("failedRunCount", 0);
    answer.put("processingCompletedAt", batch.createdAt());
    answer.put("processing", Map.of("completedAt", batch.createdAt(), "errors", List.of()));
    return answer;
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

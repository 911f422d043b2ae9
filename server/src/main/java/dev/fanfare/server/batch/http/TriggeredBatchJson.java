package dev.fanfare.server.batch.http;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.batch.TriggeredBatch;
import java.io.ByteArrayOutputStream;
import java.util.List;
import tools.jackson.core.JsonGenerator;

/**
 * The response to the trigger of a batch. It names a thousand runs up to three times, so each id is
 * formatted once, and the text is written directly.
 */
final class TriggeredBatchJson {
  private static final int BYTES_GUESS = 256;
  private static final int BYTES_PER_ITEM_GUESS = 160;

  private final TriggeredBatch batch;
  private final List<String> runIds;

  private TriggeredBatchJson(TriggeredBatch batch) {
    this.batch = batch;
    this.runIds =
        batch.items().stream().map(item -> PublicId.format(PublicId.RUN, item.runId())).toList();
  }

  /**
   * The documented response: {@code runs} contains ids. Its clients read {@code batchId}; all
   * clients can read {@code items}.
   */
  static byte[] withRunIds(TriggeredBatch batch) {
    TriggeredBatchJson json = new TriggeredBatchJson(batch);
    return json.bytes(json::writeRunIds);
  }

  /**
   * The response to an SDK: {@code runs} contains objects. SDKs from version 3.3 read them and
   * {@code id}.
   */
  static byte[] withRunObjects(TriggeredBatch batch) {
    TriggeredBatchJson json = new TriggeredBatchJson(batch);
    return json.bytes(json::writeItems);
  }

  /** Writes a value. */
  private interface Part {
    void write(JsonGenerator json);
  }

  private byte[] bytes(Part runs) {
    ByteArrayOutputStream out =
        new ByteArrayOutputStream(BYTES_GUESS + runIds.size() * BYTES_PER_ITEM_GUESS);
    try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
      String id = PublicId.format(PublicId.BATCH, batch.batchId());
      json.writeStartObject();
      json.writeStringProperty("id", id);
      json.writeStringProperty("batchId", id);
      json.writeBooleanProperty("isCached", batch.cached());
      if (batch.key() != null) {
        json.writeStringProperty("idempotencyKey", batch.key());
      }
      json.writeNumberProperty("runCount", runIds.size());
      json.writeName("runs");
      runs.write(json);
      json.writeName("runIds");
      writeRunIds(json);
      json.writeName("items");
      writeItems(json);
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private void writeRunIds(JsonGenerator json) {
    json.writeStartArray();
    runIds.forEach(json::writeString);
    json.writeEndArray();
  }

  private void writeItems(JsonGenerator json) {
    json.writeStartArray();
    for (int i = 0; i < runIds.size(); i++) {
      TriggeredBatch.Item item = batch.items().get(i);
      json.writeStartObject();
      json.writeStringProperty("id", runIds.get(i));
      json.writeStringProperty("taskIdentifier", item.task());
      json.writeBooleanProperty("isCached", item.cached());
      if (item.key() != null) {
        json.writeStringProperty("idempotencyKey", item.key());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}

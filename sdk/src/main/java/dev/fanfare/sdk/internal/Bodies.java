package dev.fanfare.sdk.internal;

import dev.fanfare.sdk.BatchItem;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** Writes the bodies of triggers: each value is encoded once, directly into the bytes to send. */
public final class Bodies {
  private static final int ITEM_BYTES_GUESS = 256;

  private final Codec codec;

  /** Encodes payloads and metadata with {@code codec}. */
  public Bodies(Codec codec) {
    this.codec = codec;
  }

  /**
   * A payload and its options, by their names on the wire.
   *
   * @param taskId absent: the path names the task
   */
  public record Item(
      @Nullable String taskId, @Nullable Object payload, Map<String, Object> options) {

    /** An item that names its task. */
    public static Item of(BatchItem item, Map<String, Object> options) {
      return new Item(item.taskId(), item.payload(), options);
    }
  }

  /**
   * The body of a single trigger.
   *
   * @param parentRunId the run that triggers; absent: none does
   */
  public byte[] single(Item item, @Nullable String parentRunId) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(ITEM_BYTES_GUESS);
    try (JsonGenerator json = codec.part().createGenerator(bytes)) {
      write(json, item, parentRunId);
    }
    return bytes.toByteArray();
  }

  /**
   * The body of a batch.
   *
   * @param ofOneTask whether the path names the task; then each item names the parent, otherwise
   *     the batch does
   * @param parentRunId the run that triggers; absent: none does
   */
  public byte[] batch(List<Item> items, boolean ofOneTask, @Nullable String parentRunId) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(items.size() * ITEM_BYTES_GUESS);
    try (JsonGenerator json = codec.part().createGenerator(bytes)) {
      json.writeStartObject();
      json.writeArrayPropertyStart("items");
      items.forEach(item -> write(json, item, ofOneTask ? parentRunId : null));
      json.writeEndArray();
      if (parentRunId != null && !ofOneTask) {
        json.writeStringProperty("parentRunId", parentRunId);
      }
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  /** Adds an item of an announced batch to {@code lines}. */
  void line(ByteArrayOutputStream lines, int index, String taskId, Item item) {
    try (JsonGenerator json = codec.part().createGenerator(lines)) {
      json.writeStartObject();
      json.writeNumberProperty("index", index);
      json.writeStringProperty("task", taskId);
      writeRest(json, item, null);
    }
    lines.write('\n');
  }

  private void write(JsonGenerator json, Item item, @Nullable String parentRunId) {
    json.writeStartObject();
    if (item.taskId() != null) {
      json.writeStringProperty("task", item.taskId());
    }
    writeRest(json, item, parentRunId);
  }

  private void writeRest(JsonGenerator json, Item item, @Nullable String parentRunId) {
    json.writeName("payload");
    codec.part().writeValue(json, item.payload());
    if (!item.options().isEmpty() || parentRunId != null) {
      json.writeObjectPropertyStart("options");
      if (parentRunId != null) {
        json.writeStringProperty("parentRunId", parentRunId);
      }
      item.options()
          .forEach((name, value) -> {
            json.writeName(name);
            codec.part().writeValue(json, value);
          });
      json.writeEndObject();
    }
    json.writeEndObject();
  }
}

package dev.fanfare.sdk.internal;

import dev.fanfare.sdk.BatchItem;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** Writes the bodies of triggers, each value once, straight into the bytes that are sent. */
public final class Bodies {
  private static final int ITEM_BYTES_GUESS = 256;

  private final Codec codec;

  /** Encodes payloads and metadata with this codec. */
  public Bodies(Codec codec) {
    this.codec = codec;
  }

  /**
   * A payload with its options as they go on the wire.
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

  /** The body of a single trigger. */
  public byte[] single(Item item) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(ITEM_BYTES_GUESS);
    try (JsonGenerator json = codec.part().createGenerator(bytes)) {
      write(json, item);
    }
    return bytes.toByteArray();
  }

  /** The body of a batch. */
  public byte[] batch(List<Item> items) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(items.size() * ITEM_BYTES_GUESS);
    try (JsonGenerator json = codec.part().createGenerator(bytes)) {
      json.writeStartObject();
      json.writeArrayPropertyStart("items");
      items.forEach(item -> write(json, item));
      json.writeEndArray();
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private void write(JsonGenerator json, Item item) {
    json.writeStartObject();
    if (item.taskId() != null) {
      json.writeStringProperty("task", item.taskId());
    }
    json.writeName("payload");
    codec.part().writeValue(json, item.payload());
    if (!item.options().isEmpty()) {
      json.writeObjectPropertyStart("options");
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

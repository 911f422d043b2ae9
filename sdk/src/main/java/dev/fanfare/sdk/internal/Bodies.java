package dev.fanfare.sdk.internal;

import dev.fanfare.sdk.BatchItem;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the bodies of triggers. */
public final class Bodies {
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
    StringBuilder json = new StringBuilder();
    append(json, item);
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** The body of a batch. */
  public byte[] batch(List<Item> items) {
    StringBuilder json = new StringBuilder(items.size() * 128).append("{\"items\":[");
    for (int i = 0; i < items.size(); i++) {
      append(i == 0 ? json : json.append(','), items.get(i));
    }
    return json.append("]}").toString().getBytes(StandardCharsets.UTF_8);
  }

  private void append(StringBuilder json, Item item) {
    json.append('{');
    if (item.taskId() != null) {
      json.append("\"task\":").append(codec.encode(item.taskId())).append(',');
    }
    json.append("\"payload\":").append(codec.encode(item.payload()));
    if (!item.options().isEmpty()) {
      json.append(",\"options\":").append(codec.encode(item.options()));
    }
    json.append('}');
  }
}

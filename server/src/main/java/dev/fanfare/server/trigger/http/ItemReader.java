package dev.fanfare.server.trigger.http;

import static dev.fanfare.server.config.ServerSettings.IDEMPOTENCY_KEY_TTL;
import static dev.fanfare.server.config.ServerSettings.ITEM_BYTES_MAX;

import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.http.FieldPath;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.packet.PacketPath;
import dev.fanfare.server.run.NewRun;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads one item: the body of a single trigger, an element of {@code items}, or a line of a stream,
 * {@code {task?, payload?, options?}}. Other fields are ignored. Rejects invalid items with an
 * {@link HttpError} that names the field.
 */
public final class ItemReader {
  private static final int EMPTY_STRING_BYTES = 2;

  private final ServerConfig config;
  private final Instant now;

  /**
   * @param now the time from which delays given as durations count
   */
  public ItemReader(ServerConfig config, Instant now) {
    this.config = config;
    this.now = now;
  }

  /** The fields read so far; they can come in any order. */
  private static final class Item {
    @Nullable String task;
    JsonReader.@Nullable Raw payload;
    boolean payloadIsString;
    final Options options = new Options();
  }

  /**
   * Reads an item of a batch.
   *
   * @param reader positioned at the item
   * @param where the position for messages, such as {@code items[3]}
   * @param task the task of every item; absent: the item names it
   */
  public NewRun read(JsonReader reader, String where, @Nullable String task) {
    if (!reader.isObject()) {
      throw HttpError.validation(where + ": must be an object");
    }
    Item item = new Item();
    reader.object(name -> field(reader, where, item, name));
    return finish(where + ": ", item, task != null ? task : taskOf(where, item));
  }

  /**
   * A reader of an item that is a whole JSON document.
   *
   * @param task the item's task; absent: the item names it
   */
  public Single single(@Nullable String task) {
    return new Single(task);
  }

  /** Reads an item that is a whole JSON document. */
  public final class Single implements JsonReader.ObjectFields {
    private final Item item = new Item();
    private final @Nullable String task;

    private Single(@Nullable String task) {
      this.task = task;
    }

    @Override
    public void field(JsonReader reader, String name) {
      ItemReader.this.field(reader, "", item, name);
    }

    /** The run. Call it after every field was read. */
    public NewRun run() {
      return finish("", item, task != null ? task : taskOf("", item));
    }
  }

  private void field(JsonReader reader, String where, Item item, String name) {
    switch (name) {
      case "task" -> {
        if (!reader.isString()) {
          throw HttpError.validation(FieldPath.of(where, "task") + ": must be a string");
        }
        item.task = reader.string();
      }
      case "payload" -> {
        item.payloadIsString = reader.isString();
        item.payload = reader.raw(config.get(ITEM_BYTES_MAX));
      }
      case "options" -> readOptions(reader, where, item);
      default -> {} // unknown fields are ignored, as documented
    }
  }

  private void readOptions(JsonReader reader, String where, Item item) {
    if (reader.isNull()) {
      return;
    }
    if (!reader.isObject()) {
      throw HttpError.validation(FieldPath.of(where, "options") + ": must be an object");
    }
    OptionsReader options =
        new OptionsReader(reader, FieldPath.of(where, "options"), item.options, now);
    reader.object(options::field);
  }

  private static String taskOf(String where, Item item) {
    if (item.task == null) {
      throw HttpError.validation(FieldPath.of(where, "task") + ": is required");
    }
    return RequestTexts.taskId(FieldPath.of(where, "task"), item.task);
  }

  private NewRun finish(String at, Item item, String task) {
    Options options = item.options;
    JsonReader.Raw payload = payload(at, item);
    if (payload != null) {
      if (payload.bytes() > config.get(ITEM_BYTES_MAX)) {
        throw new HttpError(
            413,
            at
                + "the payload has "
                + payload.bytes()
                + " bytes, the maximum is "
                + config.get(ITEM_BYTES_MAX)
                + " bytes");
      }
    }
    return NewRun.of(task)
        .payload(payload == null ? null : payload.text())
        .payloadType(options.payloadType)
        .queue(options.queue)
        .lockToVersion(options.lockToVersion)
        .concurrencyKey(options.concurrencyKey)
        .key(options.key(config.get(IDEMPOTENCY_KEY_TTL)))
        .debounce(
            options.debounce == null
                ? null
                : options.debounce.checked(at, options.delayUntil != null))
        .delayUntil(options.delayUntil)
        .ttl(options.ttl)
        .priorityMillis(options.priorityMillis)
        .maxAttempts(options.maxAttempts)
        .maxDuration(options.maxDuration)
        .tags(List.copyOf(options.tags))
        .metadata(options.metadata)
        .options(options.stored())
        .test(options.test)
        .parent(options.parent.named())
        .build();
  }

  /** The payload. With a type other than JSON, it must be a JSON string; others are ignored. */
  private static JsonReader.@Nullable Raw payload(String at, Item item) {
    String type = item.options.payloadType;
    JsonReader.Raw payload = item.payload;
    if (type == null || type.equals("application/json")) {
      return payload;
    }
    JsonReader.Raw string = item.payloadIsString ? payload : null;
    if (type.equals(PacketPath.MEDIA_TYPE)
        && (string == null || string.bytes() == EMPTY_STRING_BYTES)) {
      throw new HttpError(
          400,
          at + "payload must be a non-empty string when options.payloadType is application/store");
    }
    return string;
  }
}

package dev.fanfare.server.batch.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.trigger.http.ParentReader;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the body that announces a streamed batch. */
final class AnnouncementReader implements JsonReader.ObjectFields {
  private final int itemsMax;
  private final int tasksMax;
  private @Nullable String runCount;
  private boolean openEnded;
  private List<String> tasks = List.of();
  private @Nullable String key;
  private final ParentReader parent = new ParentReader();

  private AnnouncementReader(int itemsMax, int tasksMax) {
    this.itemsMax = itemsMax;
    this.tasksMax = tasksMax;
  }

  /**
   * An announcement.
   *
   * @param itemCount the number of items that will be streamed; 0: the last stream tells it
   * @param tasks the tasks of the items; empty: the client does not name them
   * @param key the batch key; absent: every announcement creates a batch
   * @param parent the run that triggers the batch; absent: none
   */
  public record Announcement(
      int itemCount, List<String> tasks, @Nullable String key, @Nullable NamedParent parent) {}

  /**
   * Reads a body.
   *
   * @param itemsMax how many items a batch may have
   * @param tasksMax how many tasks an announcement may name
   */
  public static Announcement read(InputStream body, int itemsMax, int tasksMax) {
    AnnouncementReader reader = new AnnouncementReader(itemsMax, tasksMax);
    JsonReader.readObject(body, reader);
    return new Announcement(reader.itemCount(), reader.tasks, reader.key, reader.parent.named());
  }

  @Override
  public void field(JsonReader reader, String name) {
    switch (name) {
      case "runCount" -> runCount = reader.isInteger() ? reader.string() : "";
      case "openEnded" -> {
        Boolean flag = reader.flag();
        if (flag == null && !reader.isNull()) {
          throw HttpError.validation("openEnded: must be true or false");
        }
        openEnded = Boolean.TRUE.equals(flag);
      }
      case "taskIdentifiers" -> tasks(reader);
      case "idempotencyKey" -> key(reader);
      default -> parent.field(reader, "", name); // other fields are ignored
    }
  }

  private int itemCount() {
    if (openEnded) {
      if (runCount != null) {
        throw HttpError.validation("openEnded: excludes runCount");
      }
      return 0;
    }
    if (runCount == null) {
      throw HttpError.validation("runCount: is required");
    }
    return itemCount(runCount, itemsMax);
  }

  /** Reads a number of items. */
  static int itemCount(String runCount, int itemsMax) {
    if (!runCount.matches("0*[1-9][0-9]*")) {
      throw new HttpError(400, "runCount must be a positive integer");
    }
    if (runCount.length() > 9 || Integer.parseInt(runCount) > itemsMax) {
      throw new HttpError(
          400,
          "Batch runCount of "
              + (runCount.length() > 20 ? runCount.substring(0, 20) + "…" : runCount)
              + " exceeds maximum allowed of "
              + itemsMax
              + ".");
    }
    return Integer.parseInt(runCount);
  }

  private void tasks(JsonReader reader) {
    if (reader.isNull()) {
      return;
    }
    if (!reader.isArray()) {
      throw HttpError.validation("taskIdentifiers: must be an array of strings");
    }
    List<String> read = new ArrayList<>();
    reader.array(index -> {
      if (!reader.isString() || reader.string().isEmpty()) {
        throw HttpError.validation("taskIdentifiers[" + index + "]: must be a non-empty string");
      }
      if (index >= tasksMax) {
        throw HttpError.validation("taskIdentifiers: must name at most " + tasksMax + " tasks");
      }
      read.add(reader.string());
    });
    if (read.isEmpty()) {
      throw HttpError.validation("taskIdentifiers: must name at least one task");
    }
    tasks = read;
  }

  private void key(JsonReader reader) {
    if (reader.isNull()) {
      return;
    }
    if (!reader.isString() || reader.string().length() > Limits.IDEMPOTENCY_KEY_CHARS_MAX) {
      throw HttpError.validation(
          "idempotencyKey: must be a string of at most "
              + Limits.IDEMPOTENCY_KEY_CHARS_MAX
              + " characters");
    }
    String text = RequestTexts.storable("idempotencyKey", reader.string());
    key = text.isEmpty() ? null : text;
  }
}

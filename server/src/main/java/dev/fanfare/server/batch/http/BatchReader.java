package dev.fanfare.server.batch.http;

import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.trigger.http.ItemReader;
import dev.fanfare.server.trigger.http.ParentReader;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code {"items": […], "parentRunId"?, "resumeParentOnCompletion"?}} in one pass. Without a
 * task in the path, the parent of the batch applies to every item; with one, each item names its
 * own.
 */
public final class BatchReader {
  /** An item as an object, as a row of the statement that stores it, and as part of the answer. */
  private static final long ITEM_BYTES = 2_048;

  private final ItemReader items;
  private final int itemsMax;
  private final @Nullable String task;
  private final LongConsumer reserve;

  /**
   * @param task the task of every item; absent: each item names its own
   * @param reserve called with the memory that an item takes besides its texts; may throw
   */
  public BatchReader(ItemReader items, int itemsMax, @Nullable String task, LongConsumer reserve) {
    this.items = items;
    this.itemsMax = itemsMax;
    this.task = task;
    this.reserve = reserve;
  }

  /** Reads the items, in order. Rejects an empty list and one that exceeds the limit. */
  public List<NewRun> read(InputStream body) {
    Body read = new Body();
    JsonReader.readObject(body, read);
    if (!read.seen) {
      throw HttpError.validation("items: is required");
    }
    if (read.count == 0) {
      throw new HttpError(
          400, task != null ? "No items to trigger" : "Batch cannot be triggered with no items");
    }
    if (read.count > itemsMax) {
      throw new HttpError(400, tooMany(read.count));
    }
    return task != null ? read.runs : withParent(read.parent.named(), read.runs);
  }

  private static List<NewRun> withParent(@Nullable NamedParent parent, List<NewRun> runs) {
    return runs.stream()
        .map(run ->
            Objects.equals(run.parent(), parent) ? run : run.toBuilder().parent(parent).build())
        .toList();
  }

  private String tooMany(int count) {
    return task != null
        ? "Too many items. Maximum allowed batch size is " + itemsMax + "."
        : "Batch size of "
            + count
            + " is too large. Maximum allowed batch size is "
            + itemsMax
            + ".";
  }

  /** The fields read so far. */
  private final class Body implements JsonReader.ObjectFields {
    private final ParentReader parent = new ParentReader();
    private boolean seen;
    private int count;
    private List<NewRun> runs = new ArrayList<>();

    @Override
    public void field(JsonReader reader, String name) {
      if (!name.equals("items")) {
        if (task == null) {
          parent.field(reader, "", name);
        }
        return;
      }
      if (!reader.isArray()) {
        throw HttpError.validation("items: must be an array");
      }
      seen = true;
      // The field may occur twice: the last one applies, as in other JSON readers.
      count = 0;
      runs = new ArrayList<>();
      reader.array(index -> {
        count = index + 1;
        if (count <= itemsMax) { // further items are only counted, for the message
          reserve.accept(ITEM_BYTES);
          runs.add(items.read(reader, "items[" + index + "]", task));
        }
      });
    }
  }
}

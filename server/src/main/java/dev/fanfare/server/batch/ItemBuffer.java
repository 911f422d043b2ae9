package dev.fanfare.server.batch;

import dev.fanfare.server.run.NewRun;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The items of one stream that are not stored yet, and counts of the whole stream. Not thread-safe.
 */
final class ItemBuffer {
  /** The number of items at which a buffer is full; small ones take more memory than their text. */
  static final int ITEMS_MAX = 10_000;

  private List<StreamedItem> items = new ArrayList<>();
  private long bytes;
  private int accepted;
  private int deduplicated;
  private boolean isSorted = true;
  private boolean wasFlushed;

  void add(StreamedItem item) {
    isSorted &= items.isEmpty() || items.getLast().index() < item.index();
    items.add(item);
    bytes += item.line().length;
  }

  boolean isFull() {
    return bytes > AddItems.BUFFER_BYTES_MAX || items.size() >= ITEMS_MAX;
  }

  /** The items by index. Of several with the same index, the first one is kept. */
  List<StreamedItem> items() {
    if (!isSorted) {
      List<StreamedItem> sorted = new ArrayList<>(items);
      sorted.sort(Comparator.comparingInt(StreamedItem::index)); // stable
      List<StreamedItem> kept = new ArrayList<>(sorted.size());
      for (StreamedItem item : sorted) {
        if (kept.isEmpty() || kept.getLast().index() < item.index()) {
          kept.add(item);
        }
      }
      deduplicated += items.size() - kept.size();
      items = kept;
      isSorted = true;
    }
    return items;
  }

  List<NewRun> runs() {
    return items().stream().map(StreamedItem::run).toList();
  }

  /** Whether these are all items of a batch, none of which was stored before. */
  boolean isWholeBatch(int itemCount) {
    return !wasFlushed && items().size() == itemCount;
  }

  /** Notes that the items were stored, of which so many were new, and forgets them. */
  void flushed(int inserted) {
    wasFlushed = true;
    accepted += inserted;
    deduplicated += items().size() - inserted;
    items.clear();
    bytes = 0;
  }

  /** The result of the stream. */
  AddItems.Added added(boolean sealed, int stored, int itemCount) {
    return new AddItems.Added(accepted, deduplicated, sealed, stored, itemCount);
  }
}

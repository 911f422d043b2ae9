package dev.fanfare.server.batch;

import dev.fanfare.server.batch.ItemStore.Indexes;
import dev.fanfare.server.batch.StreamedBatchStore.Progress;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.LaneStore;
import dev.fanfare.server.trigger.PlacedRun;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Stores the items of a stream, until the batch is sealed: those that follow each other and are
 * plain as parts, which become runs inside the database, and all others one by one, as they were
 * sent.
 */
final class StoreItems {
  /** Fewer items than these are stored one by one: a batch of many small parts is sealed slowly. */
  private static final int STRETCH_MIN = 100;

  private final StreamedBatchStore store = new StreamedBatchStore();
  private final ItemStore itemStore = new ItemStore();
  private final PartStore parts = new PartStore();
  private final LaneStore lanes = new LaneStore();

  /**
   * What was stored.
   *
   * @param inserted the number of new items
   * @param progress the state of the batch after it; absent: there is no such batch
   */
  record Stored(int inserted, @Nullable Progress progress) {}

  /** An item with its lane. */
  private record Placed(StreamedItem item, PlacedRun run) {
    boolean isPlain() {
      return PartStore.isPlain(run);
    }
  }

  /**
   * Stores those of the items that the batch does not have, if it still accepts items.
   *
   * @param items by index
   * @param placed has the same order
   */
  Stored store(Tx tx, UUID batchId, List<StreamedItem> items, List<PlacedRun> placed) {
    if (items.isEmpty()) {
      return new Stored(0, store.lock(tx, batchId));
    }
    Later<List<Progress>> locked = store.lockLater(tx, batchId);
    // A statement of its own: that which waits for the lock does not see what was committed then.
    List<Indexes> known =
        itemStore.indexes(tx, batchId, items.getFirst().index(), items.getLast().index());
    Progress progress = locked.get().isEmpty() ? null : locked.get().getFirst();
    if (progress == null || !progress.isOpen()) {
      return new Stored(0, progress);
    }
    List<Placed> unknown = without(known, items, placed);
    if (unknown.isEmpty()) {
      return new Stored(0, progress);
    }
    lanes.requireInUse(
        tx, unknown.stream().map(each -> each.run().laneId()).collect(Collectors.toSet()));
    insert(tx, batchId, unknown);
    store.countStored(tx, batchId, unknown.size());
    return new Stored(unknown.size(), progress.plus(unknown.size()));
  }

  private static List<Placed> without(
      List<Indexes> known, List<StreamedItem> items, List<PlacedRun> placed) {
    List<Placed> unknown = new ArrayList<>(items.size());
    int next = 0;
    for (int i = 0; i < items.size(); i++) {
      int index = items.get(i).index();
      while (next < known.size() && known.get(next).end() <= index) {
        next++;
      }
      if (next == known.size() || index < known.get(next).first()) {
        unknown.add(new Placed(items.get(i), placed.get(i)));
      }
    }
    return unknown;
  }

  private void insert(Tx tx, UUID batchId, List<Placed> items) {
    List<Placed> single = new ArrayList<>();
    int from = 0;
    while (from < items.size()) {
      int end = endOfStretch(items, from);
      List<Placed> stretch = items.subList(from, Math.max(end, from + 1));
      if (stretch.size() < STRETCH_MIN) {
        single.addAll(stretch);
      } else {
        parts.insert(
            tx,
            batchId,
            stretch.getFirst().item().index(),
            stretch.stream().map(Placed::run).toList());
      }
      from += stretch.size();
    }
    if (!single.isEmpty()) {
      itemStore.insert(
          tx,
          batchId,
          single.stream().map(Placed::item).toList(),
          single.stream().map(Placed::run).toList());
    }
  }

  /** The end of the plain items from here on whose indexes follow each other. */
  private static int endOfStretch(List<Placed> items, int from) {
    int first = items.get(from).item().index();
    int end = from;
    while (end < items.size()
        && items.get(end).item().index() - first == end - from
        && items.get(end).isPlain()) {
      end++;
    }
    return end;
  }
}

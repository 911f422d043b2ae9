package dev.fanfare.server.batch;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.batch.ItemStore.StoredItem;
import dev.fanfare.server.batch.PartRunStore.PartRange;
import dev.fanfare.server.batch.StreamedBatchStore.Progress;
import dev.fanfare.server.batch.StreamedBatchStore.Sealed;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.LaneStore;
import dev.fanfare.server.run.HandOver;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.trigger.CreateRuns;
import dev.fanfare.server.trigger.PlacedRun;
import dev.fanfare.server.trigger.TriggerComponent;
import dev.fanfare.server.trigger.TriggeredRun;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Creates the runs of a complete streamed batch and seals it, in the caller's transaction, which
 * has locked the batch. It holds one part of the items at a time, or none: items in {@code
 * batch_parts} become runs inside the database.
 */
final class SealBatch {
  /** The most items that one statement makes runs of: about a third of a second. */
  private static final int ITEMS_AT_ONCE = 20_000;

  /** The size of the payloads and metadata of these items. */
  private static final long BYTES_AT_ONCE = 32L * 1024 * 1024;

  private static final int HEADS_AT_ONCE = 2_000;

  /** Lanes that were found to be in use, in this transaction. */
  private static final int LANES_KNOWN_MAX = 10_000;

  private final InstantSource clock;
  private final TimeOrderedIds ids;
  private final CreateRuns createRuns;
  private final StreamedBatchStore store = new StreamedBatchStore();
  private final ItemStore itemStore = new ItemStore();
  private final PartStore parts = new PartStore();
  private final PartRunStore partRuns = new PartRunStore();
  private final LaneStore lanes = new LaneStore();

  SealBatch(Resources resources, TriggerComponent trigger) {
    this.clock = resources.clock();
    this.ids = resources.ids();
    this.createRuns = trigger.createRuns();
  }

  /** The sealing of one batch. */
  Sealing of(Tx tx, UUID batchId, Source source, Progress progress) {
    return new Sealing(tx, batchId, source, progress);
  }

  /** Creates the runs of one batch, from its first item to its last one. */
  final class Sealing {
    private final Tx tx;
    private final UUID batchId;
    private final Source source;
    private final Progress progress;
    private final Instant now = clock.instant();
    private final UUID firstId = ids.next();
    private final RunRanges.Builder runIds = new RunRanges.Builder();
    private final List<ItemError> errors = new ArrayList<>();
    private final Deque<PartStore.Head> heads = new ArrayDeque<>();
    private final Set<Long> lanesInUse = new HashSet<>();
    private PartRunStore.@Nullable Origin origin;
    private int failed;
    private int openRuns;

    private Sealing(Tx tx, UUID batchId, Source source, Progress progress) {
      this.tx = tx;
      this.batchId = batchId;
      this.source = source;
      this.progress = progress;
    }

    /** Creates the runs of all items, and seals the batch. */
    void create(List<PlacedRun> items) {
      createNext(items);
      seal();
    }

    /** Creates the runs of the stored items, part by part, and seals the batch. */
    void createStored(ItemStream stream) {
      while (runIds.size() < progress.itemCount()) {
        int at = runIds.size();
        PartRange range = nextRange(at);
        if (range != null && range.from() == at) {
          partRuns.create(tx, origin(), range);
          openRuns += range.end() - at;
          runIds.add(id(at), range.end() - at);
        } else {
          int before = range == null ? progress.itemCount() : range.from();
          List<StoredItem> items = itemStore.items(tx, batchId, at, before);
          if (items.isEmpty()) {
            throw new IllegalStateException(
                "Item %s of batch %s is missing".formatted(at, batchId));
          }
          createNext(items.stream().map(item -> placed(item, stream)).toList());
        }
      }
      seal();
    }

    /**
     * The next parts from an index on that follow each other, as many as may be at once; {@code
     * null} if there are no more. They are taken off the heads if they begin at the index.
     */
    private @Nullable PartRange nextRange(int at) {
      if (heads.isEmpty()) {
        heads.addAll(parts.heads(tx, batchId, at, HEADS_AT_ONCE));
      }
      PartStore.Head first = heads.peek();
      if (first == null) {
        return null;
      }
      if (first.firstIndex() > at) {
        return new PartRange(first.firstIndex(), first.end(), false, false);
      }
      int end = at;
      long bytes = 0;
      boolean hasTags = false;
      boolean hasMetadata = false;
      Set<Long> laneIds = new HashSet<>();
      for (PartStore.Head head = first;
          head != null && head.firstIndex() == end && fits(head, end - at, bytes);
          head = heads.peek()) {
        end = head.end();
        bytes += head.bytes();
        hasTags |= head.hasTags();
        hasMetadata |= head.hasMetadata();
        laneIds.add(head.laneId());
        heads.remove();
      }
      requireInUse(laneIds);
      return new PartRange(at, end, hasTags, hasMetadata);
    }

    private boolean fits(PartStore.Head head, int items, long bytes) {
      return items == 0
          || (items + head.n() <= ITEMS_AT_ONCE && bytes + head.bytes() <= BYTES_AT_ONCE);
    }

    private void requireInUse(Set<Long> laneIds) {
      laneIds.removeAll(lanesInUse);
      if (!laneIds.isEmpty()) {
        lanes.requireInUse(tx, laneIds);
        if (lanesInUse.size() > LANES_KNOWN_MAX) {
          lanesInUse.clear();
        }
        lanesInUse.addAll(laneIds);
      }
    }

    private PartRunStore.Origin origin() {
      if (origin == null) {
        NamedParent parent = progress.parent();
        origin =
            new PartRunStore.Origin(
                batchId,
                firstId,
                source,
                now,
                parent == null ? null : createRuns.lineage(tx, parent),
                parent == null ? null : parent.resumes(),
                createRuns.ttlMax());
      }
      return origin;
    }

    private UUID id(int index) {
      return TimeOrderedIds.after(firstId, index);
    }

    private PlacedRun placed(StoredItem item, ItemStream stream) {
      RunError failure = item.failure();
      NewRun run;
      if (failure == null) {
        run = stream.read(item.text());
      } else if (item.text().isEmpty()) { // it was too long to be kept
        run = NewRun.failed(item.task(), failure);
      } else {
        run = stream.read(item.text()).asFailed(failure);
      }
      return new PlacedRun(run, item.lane(), item.laneId(), item.taskTtl(), null);
    }

    private void createNext(List<PlacedRun> items) {
      List<PlacedRun> children =
          items.stream().map(item -> item.withParent(progress.parent())).toList();
      int at = runIds.size();
      List<TriggeredRun> triggered =
          createRuns.create(
              tx,
              new CreateRuns.Origin(batchId, at, source, now),
              children,
              IntStream.range(at, at + items.size()).mapToObj(this::id).toList(),
              HandOver.Reservation.NONE);
      for (int i = 0; i < items.size(); i++) {
        add(items.get(i).run(), triggered.get(i));
      }
    }

    private void add(NewRun requested, TriggeredRun triggered) {
      RunError failure = requested.failure();
      if (failure != null) {
        failed++;
        if (errors.size() < StreamedBatchStore.ERRORS_MAX) {
          errors.add(
              new ItemError(
                  runIds.size(),
                  requested.task(),
                  String.valueOf(failure.message()),
                  String.valueOf(failure.code())));
        }
      } else if (triggered.created()) {
        openRuns++;
      }
      runIds.add(triggered.runId(), 1);
    }

    private void seal() {
      store.seal(tx, batchId, new Sealed(runIds.build(), openRuns, errors, failed), now);
    }
  }
}

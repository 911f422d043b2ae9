package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunError;
import dev.fanfare.server.batch.StreamedBatchStore.Kept;
import dev.fanfare.server.batch.StreamedBatchStore.Progress;
import dev.fanfare.server.batch.StreamedBatchStore.Sealed;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.PlaceRuns;
import dev.fanfare.server.run.PlacedRun;
import dev.fanfare.server.run.Refused;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.run.TriggerRuns;
import dev.fanfare.server.run.TriggeredRun;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Takes the items of an announced batch as they are streamed, in as many streams as the client
 * needs, and seals the batch when the last one is there: then all its runs are made in one
 * transaction, in the order of their indexes. Until then nothing of it runs.
 *
 * <p>No more than a few megabytes are held: what exceeds them is kept in the database. A batch that
 * comes whole in one stream and fits is never kept there, it becomes runs at once.
 */
public final class AddItems {
  /** Most text held before it is kept in the database; one more item may exceed it. */
  public static final int HELD_CHARS_MAX = 4 * 1024 * 1024;

  private final Database database;
  private final Signals signals;
  private final InstantSource clock;
  private final PlaceRuns place;
  private final TriggerRuns trigger;
  private final BatchStore batches = new BatchStore();
  private final StreamedBatchStore store = new StreamedBatchStore();

  public AddItems(
      Database database,
      Signals signals,
      InstantSource clock,
      PlaceRuns place,
      TriggerRuns trigger) {
    this.database = database;
    this.signals = signals;
    this.clock = clock;
    this.place = place;
    this.trigger = trigger;
  }

  /**
   * What became of a stream.
   *
   * @param accepted items that were new
   * @param deduplicated items whose index was there before
   * @param sealed whether the batch has all its items
   * @param stored how many items it has
   */
  public record Added(int accepted, int deduplicated, boolean sealed, int stored, int itemCount) {}

  /** The items of one stream that are held, by index, and a count of all that passed. */
  private static final class Held {
    final TreeMap<Integer, StreamedItem> items = new TreeMap<>();
    long chars;
    int accepted;
    int deduplicated;

    void add(StreamedItem item) {
      if (items.putIfAbsent(item.index(), item) == null) {
        chars += item.chars();
      } else {
        deduplicated++;
      }
    }

    void kept(int inserted) {
      accepted += inserted;
      deduplicated += items.size() - inserted;
      items.clear();
      chars = 0;
    }
  }

  /**
   * Reads a stream to its end. What came before it broke off stays, and need not be sent again.
   *
   * @param source how the batch is triggered
   */
  public Added add(int environmentId, UUID batchId, Source source, ItemStream stream) {
    Batch batch = database.transaction(tx -> batches.find(tx, environmentId, batchId));
    if (batch == null) {
      throw new HttpError(422, "Batch " + PublicId.format(PublicId.BATCH, batchId) + " not found");
    }
    if (batch.sealedAt() != null) {
      return new Added(0, 0, true, batch.itemCount(), batch.itemCount());
    }
    requirePending(batchId, batch.status());
    Held held = new Held();
    try {
      for (StreamedItem item = stream.next(); item != null; item = stream.next()) {
        if (item.index() >= batch.itemCount()) {
          throw new HttpError(
              422, "Item index " + item.index() + " exceeds batch runCount " + batch.itemCount());
        }
        held.add(item);
        if (held.chars > HELD_CHARS_MAX) {
          keep(environmentId, batchId, held);
        }
      }
    } catch (RuntimeException e) {
      keep(environmentId, batchId, held);
      throw e;
    }
    return end(environmentId, batchId, source, stream, held);
  }

  private static void requirePending(UUID batchId, BatchStatus status) {
    if (status != BatchStatus.PENDING) {
      throw new HttpError(
          422,
          "Batch "
              + PublicId.format(PublicId.BATCH, batchId)
              + " is not in PENDING status (current: "
              + status
              + ")");
    }
  }

  private void keep(int environmentId, UUID batchId, Held held) {
    if (held.items.isEmpty()) {
      return;
    }
    List<PlacedRun> placed = place(environmentId, held);
    held.kept(
        database.transaction(tx -> {
          Progress progress = store.lock(tx, environmentId, batchId);
          return progress == null || progress.sealed() || progress.status() != BatchStatus.PENDING
              ? 0
              : keep(tx, environmentId, batchId, held, placed);
        }));
  }

  private int keep(Tx tx, int environmentId, UUID batchId, Held held, List<PlacedRun> placed) {
    return store.insertItems(tx, environmentId, batchId, List.copyOf(held.items.values()), placed);
  }

  private List<PlacedRun> place(int environmentId, Held held) {
    return held.items.isEmpty()
        ? List.of()
        : place.place(
            environmentId,
            held.items.values().stream().map(StreamedItem::run).toList(),
            Refused.AS_A_FAILURE);
  }

  private Added end(int environmentId, UUID batchId, Source source, ItemStream stream, Held held) {
    List<PlacedRun> placed = place(environmentId, held);
    Instant now = clock.instant();
    Added added =
        database.transaction(
            tx -> end(tx, new Seal(environmentId, batchId, source, now), stream, held, placed));
    if (added.sealed()) {
      signals.ready(environmentId);
    }
    return added;
  }

  /** What sealing a batch needs throughout. */
  private record Seal(int environmentId, UUID batchId, Source source, Instant now) {}

  private Added end(Tx tx, Seal seal, ItemStream stream, Held held, List<PlacedRun> placed) {
    Progress progress = store.lock(tx, seal.environmentId(), seal.batchId());
    if (progress == null) {
      throw new HttpError(422, "Batch not found");
    }
    int count = progress.itemCount();
    int coming = held.items.size();
    if (progress.sealed()) { // by another stream, in the meantime
      return new Added(held.accepted, held.deduplicated + coming, true, count, count);
    }
    requirePending(seal.batchId(), progress.status());
    int before = store.stored(tx, seal.environmentId(), seal.batchId());
    if (before == 0 && coming == count) {
      Runs runs = new Runs(count);
      runs.add(0, placed, trigger(tx, seal, progress.parent(), 0, placed));
      store.seal(tx, seal.environmentId(), seal.batchId(), runs.sealed(), seal.now());
      return new Added(held.accepted + coming, held.deduplicated, true, count, count);
    }
    int inserted = coming == 0 ? 0 : keep(tx, seal.environmentId(), seal.batchId(), held, placed);
    int stored = before + inserted;
    boolean complete = stored == count;
    if (complete) {
      store.seal(
          tx,
          seal.environmentId(),
          seal.batchId(),
          triggerKept(tx, seal, progress, stream),
          seal.now());
    }
    return new Added(
        held.accepted + inserted, held.deduplicated + coming - inserted, complete, stored, count);
  }

  /** Makes the runs of kept items part by part, so that no more than a part is held. */
  private Sealed triggerKept(Tx tx, Seal seal, Progress progress, ItemStream stream) {
    int count = progress.itemCount();
    Runs runs = new Runs(count);
    for (int next = 0; next < count; ) {
      List<Kept> part = store.items(tx, seal.environmentId(), seal.batchId(), next);
      List<PlacedRun> placed = part.stream().map(kept -> placed(kept, stream)).toList();
      runs.add(next, placed, trigger(tx, seal, progress.parent(), next, placed));
      next += part.size();
    }
    return runs.sealed();
  }

  private static PlacedRun placed(Kept kept, ItemStream stream) {
    NewRun run =
        kept.failure() != null
            ? NewRun.failed(kept.task(), kept.failure())
            : stream.read(kept.text());
    return new PlacedRun(run, kept.taskId(), kept.laneId(), kept.taskTtl());
  }

  private List<TriggeredRun> trigger(
      Tx tx, Seal seal, @Nullable NamedParent parent, int firstIndex, List<PlacedRun> placed) {
    return trigger.trigger(
        tx,
        seal.environmentId(),
        seal.batchId(),
        firstIndex,
        seal.source(),
        seal.now(),
        placed.stream().map(run -> run.withParent(parent)).toList());
  }

  /** The runs of a batch while they are made. */
  private static final class Runs {
    private final List<UUID> runIds;
    private final List<ItemError> errors = new ArrayList<>();
    private int open;

    Runs(int count) {
      runIds = new ArrayList<>(count);
    }

    void add(int firstIndex, List<PlacedRun> placed, List<TriggeredRun> triggered) {
      for (int i = 0; i < placed.size(); i++) {
        NewRun asked = placed.get(i).run();
        runIds.add(triggered.get(i).runId());
        RunError failure = asked.failure();
        if (failure != null) {
          errors.add(
              new ItemError(
                  firstIndex + i,
                  asked.task(),
                  String.valueOf(failure.message()),
                  String.valueOf(failure.code())));
        } else if (triggered.get(i).created()) {
          open++;
        }
      }
    }

    Sealed sealed() {
      return new Sealed(runIds, open, errors);
    }
  }
}

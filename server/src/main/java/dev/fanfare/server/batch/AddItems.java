package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunError;
import dev.fanfare.server.batch.StreamedBatchStore.Progress;
import dev.fanfare.server.batch.StreamedBatchStore.Sealed;
import dev.fanfare.server.batch.StreamedBatchStore.StoredItem;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.trigger.AssignLanes;
import dev.fanfare.server.trigger.CreateRuns;
import dev.fanfare.server.trigger.CreateRuns.Origin;
import dev.fanfare.server.trigger.OnRejection;
import dev.fanfare.server.trigger.PlacedRun;
import dev.fanfare.server.trigger.TriggerComponent;
import dev.fanfare.server.trigger.TriggeredRun;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Takes the items of an announced batch as they are streamed, in as many streams as the client
 * needs, and seals the batch when the last one is there: then all its runs are created in one
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
  private final AssignLanes lanes;
  private final CreateRuns runs;
  private final BatchStore batches = new BatchStore();
  private final StreamedBatchStore store = new StreamedBatchStore();

  AddItems(Resources resources, TriggerComponent trigger) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.clock = resources.clock();
    this.lanes = trigger.assignLanes();
    this.runs = trigger.createRuns();
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
  public Result<Added> add(int environmentId, UUID batchId, Source source, ItemStream stream) {
    Batch batch = database.transaction(environmentId, tx -> batches.find(tx, batchId));
    if (batch == null) {
      return Result.refused(
          Refusal.unprocessable(
              "Batch " + PublicId.format(PublicId.BATCH, batchId) + " not found"));
    }
    if (batch.sealedAt() != null) {
      return Result.of(new Added(0, 0, true, batch.itemCount(), batch.itemCount()));
    }
    if (batch.status() != BatchStatus.PENDING) {
      return notPending(batchId, batch.status());
    }
    Held held = new Held();
    try {
      for (StreamedItem item = stream.next(); item != null; item = stream.next()) {
        if (item.index() >= batch.itemCount()) {
          keep(environmentId, batchId, held);
          return Result.refused(
              Refusal.unprocessable(
                  "Item index " + item.index() + " exceeds batch runCount " + batch.itemCount()));
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

  private static Result<Added> notPending(UUID batchId, BatchStatus status) {
    return Result.refused(
        Refusal.unprocessable(
            "Batch "
                + PublicId.format(PublicId.BATCH, batchId)
                + " is not in PENDING status (current: "
                + status
                + ")"));
  }

  private void keep(int environmentId, UUID batchId, Held held) {
    if (held.items.isEmpty()) {
      return;
    }
    List<PlacedRun> placed = place(environmentId, held);
    held.kept(
        database.transaction(
            environmentId,
            tx -> {
              Progress progress = store.lock(tx, batchId);
              return progress == null || !progress.isOpen() ? 0 : keep(tx, batchId, held, placed);
            }));
  }

  private int keep(Tx tx, UUID batchId, Held held, List<PlacedRun> placed) {
    return store.insertItems(tx, batchId, List.copyOf(held.items.values()), placed);
  }

  private List<PlacedRun> place(int environmentId, Held held) {
    if (held.items.isEmpty()) {
      return List.of();
    }
    List<NewRun> asked = held.items.values().stream().map(StreamedItem::run).toList();
    return lanes.assign(environmentId, asked, OnRejection.RECORD_AS_FAILED).placed();
  }

  private Result<Added> end(
      int environmentId, UUID batchId, Source source, ItemStream stream, Held held) {
    List<PlacedRun> placed = place(environmentId, held);
    Instant now = clock.instant();
    Seal seal = new Seal(batchId, source, now);
    Result<Added> added =
        database.attempt(environmentId, tx -> end(tx, seal, stream, held, placed));
    if (added instanceof Result.Success<Added> success && success.value().sealed()) {
      signals.ready(environmentId);
    }
    return added;
  }

  /** What sealing a batch needs throughout. */
  private record Seal(UUID batchId, Source source, Instant now) {
    Origin origin(int firstIndex) {
      return new Origin(batchId, firstIndex, source, now);
    }
  }

  private Result<Added> end(
      Tx tx, Seal seal, ItemStream stream, Held held, List<PlacedRun> placed) {
    Progress progress = store.lock(tx, seal.batchId());
    if (progress == null) {
      return Result.refused(Refusal.unprocessable("Batch not found"));
    }
    int count = progress.itemCount();
    int coming = held.items.size();
    if (progress.sealed()) { // by another stream, in the meantime
      return Result.of(new Added(held.accepted, held.deduplicated + coming, true, count, count));
    }
    if (progress.status() != BatchStatus.PENDING) {
      return notPending(seal.batchId(), progress.status());
    }
    int before = store.stored(tx, seal.batchId());
    if (before == 0 && coming == count) {
      Runs all = new Runs(progress);
      all.create(tx, seal, placed);
      store.seal(tx, seal.batchId(), all.sealed(), seal.now());
      return Result.of(new Added(held.accepted + coming, held.deduplicated, true, count, count));
    }
    int inserted = coming == 0 ? 0 : keep(tx, seal.batchId(), held, placed);
    int stored = before + inserted;
    boolean complete = stored == count;
    if (complete) {
      store.seal(tx, seal.batchId(), createKept(tx, seal, progress, stream), seal.now());
    }
    return Result.of(
        new Added(
            held.accepted + inserted,
            held.deduplicated + coming - inserted,
            complete,
            stored,
            count));
  }

  /** Creates the runs of kept items part by part, so that no more than a part is held. */
  private Sealed createKept(Tx tx, Seal seal, Progress progress, ItemStream stream) {
    Runs all = new Runs(progress);
    while (all.size() < progress.itemCount()) {
      List<StoredItem> part = store.items(tx, seal.batchId(), all.size());
      all.create(tx, seal, part.stream().map(item -> placed(item, stream)).toList());
    }
    return all.sealed();
  }

  private static PlacedRun placed(StoredItem item, ItemStream stream) {
    NewRun run =
        item.failure() != null
            ? NewRun.failed(item.task(), item.failure())
            : stream.read(item.text());
    return new PlacedRun(run, item.taskId(), item.laneId(), item.taskTtl());
  }

  /** The runs of a batch while they are created. */
  private final class Runs {
    private final Progress progress;
    private final List<UUID> runIds;
    private final List<ItemError> errors = new ArrayList<>();
    private int open;

    Runs(Progress progress) {
      this.progress = progress;
      this.runIds = new ArrayList<>(progress.itemCount());
    }

    int size() {
      return runIds.size();
    }

    /** Creates the next runs of the batch. */
    void create(Tx tx, Seal seal, List<PlacedRun> items) {
      List<PlacedRun> children =
          items.stream().map(item -> item.withParent(progress.parent())).toList();
      List<TriggeredRun> created = runs.create(tx, seal.origin(size()), children);
      for (int i = 0; i < items.size(); i++) {
        add(items.get(i).run(), created.get(i));
      }
    }

    private void add(NewRun asked, TriggeredRun created) {
      RunError failure = asked.failure();
      if (failure != null) {
        errors.add(
            new ItemError(
                size(),
                asked.task(),
                String.valueOf(failure.message()),
                String.valueOf(failure.code())));
      } else if (created.created()) {
        open++;
      }
      runIds.add(created.runId());
    }

    Sealed sealed() {
      return new Sealed(runIds, open, errors);
    }
  }
}

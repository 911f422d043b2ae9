package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunError;
import dev.fanfare.server.batch.StreamedBatchStore.Progress;
import dev.fanfare.server.batch.StreamedBatchStore.Sealed;
import dev.fanfare.server.batch.StreamedBatchStore.StoredItem;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.RequestMemory;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.LaneStore;
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
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Adds items to a streamed batch and seals the batch when it has all of them. The items may come in
 * several streams. Sealing creates all runs in one transaction, in the order of their indexes;
 * before that, the batch has no runs.
 *
 * <p>Items are buffered in memory, and a full buffer is flushed to {@code batch_items}. A batch
 * that comes in one stream and fits into the buffer is never stored there. Thread-safe.
 */
public final class AddItems {
  /** The size at which the buffer of a stream is flushed; one more item may exceed it. */
  public static final int BUFFER_CHARS_MAX = 4 * 1024 * 1024;

  /** What a part of a sealed batch takes: as text, as runs, and as the driver sends it. */
  private static final long PART_BYTES = 5L * BUFFER_CHARS_MAX;

  /** How long a stream waits for its turn to seal its batch. */
  private static final Duration TURN = Duration.ofSeconds(20);

  /** How many batches may create their runs from stored items at once, each part by part. */
  private final Semaphore sealings =
      new Semaphore((int) Math.max(2, RequestMemory.total() / (4 * PART_BYTES)), true);

  private final Database database;
  private final Signals signals;
  private final InstantSource clock;
  private final AssignLanes assignLanes;
  private final CreateRuns createRuns;
  private final BatchStore batches = new BatchStore();
  private final StreamedBatchStore store = new StreamedBatchStore();
  private final LaneStore lanes = new LaneStore();

  AddItems(Resources resources, TriggerComponent trigger) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.clock = resources.clock();
    this.assignLanes = trigger.assignLanes();
    this.createRuns = trigger.createRuns();
  }

  /**
   * The result of a stream.
   *
   * @param accepted the number of new items
   * @param deduplicated the number of items whose index the batch already had
   * @param sealed whether the batch has all its items
   * @param stored the number of items that the batch has now
   * @param itemCount the number of items that were announced
   */
  public record Added(int accepted, int deduplicated, boolean sealed, int stored, int itemCount) {}

  /** The items of one stream that are not flushed yet, by index, and counts of the whole stream. */
  private static final class Buffer {
    final TreeMap<Integer, StreamedItem> items = new TreeMap<>();
    long chars;
    int accepted;
    int deduplicated;
    boolean hasFlushed;

    void add(StreamedItem item) {
      if (items.putIfAbsent(item.index(), item) == null) {
        chars += item.chars();
      } else {
        deduplicated++;
      }
    }

    void flushed(int inserted) {
      hasFlushed = true;
      accepted += inserted;
      deduplicated += items.size() - inserted;
      items.clear();
      chars = 0;
    }
  }

  /**
   * Reads a stream to its end. When the stream breaks off, or when an item is invalid or refused,
   * the items before it are stored and need not be sent again.
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
    Buffer buffer = new Buffer();
    try {
      for (StreamedItem item = stream.next(); item != null; item = stream.next()) {
        if (item.index() >= batch.itemCount()) {
          flush(environmentId, batchId, buffer);
          return Result.refused(
              Refusal.unprocessable(
                  "Item index " + item.index() + " exceeds batch runCount " + batch.itemCount()));
        }
        buffer.add(item);
        if (buffer.chars > BUFFER_CHARS_MAX) {
          flush(environmentId, batchId, buffer);
        }
      }
    } catch (RuntimeException e) {
      flush(environmentId, batchId, buffer);
      throw e;
    }
    boolean hasParts = buffer.hasFlushed || buffer.items.size() < batch.itemCount();
    if (hasParts) {
      awaitTurn();
    }
    Result<Added> added;
    try {
      added =
          assignLanes.retrying(
              environmentId,
              () -> {
                List<PlacedRun> placed = place(environmentId, buffer);
                return database.attempt(
                    environmentId, tx -> finishStream(tx, batchId, source, stream, buffer, placed));
              });
    } finally {
      if (hasParts) {
        sealings.release();
      }
    }
    if (added instanceof Result.Success<Added> success && success.value().sealed()) {
      signals.ready(environmentId, Set.of(), success.value().itemCount());
    }
    return added;
  }

  /** Before the transaction: one that waited here with locks could hold up those that it awaits. */
  private void awaitTurn() {
    try {
      if (!sealings.tryAcquire(TURN.toMillis(), TimeUnit.MILLISECONDS)) {
        throw DatabaseException.busy("Too many batches are being sealed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DatabaseException.busy("Interrupted while waiting to seal a batch");
    }
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

  /** Stores the buffered items if the batch still accepts items, and empties the buffer. */
  private void flush(int environmentId, UUID batchId, Buffer buffer) {
    if (buffer.items.isEmpty()) {
      return;
    }
    int inserted =
        assignLanes.retrying(
            environmentId,
            () -> {
              List<PlacedRun> placed = place(environmentId, buffer);
              return database.transaction(environmentId, tx -> flush(tx, batchId, buffer, placed));
            });
    buffer.flushed(inserted);
  }

  private int flush(Tx tx, UUID batchId, Buffer buffer, List<PlacedRun> placed) {
    Progress progress = store.lock(tx, batchId);
    return progress == null || !progress.isOpen() ? 0 : insert(tx, batchId, buffer, placed);
  }

  private int insert(Tx tx, UUID batchId, Buffer buffer, List<PlacedRun> placed) {
    lanes.requireInUse(tx, placed.stream().map(PlacedRun::laneId).collect(Collectors.toSet()));
    return store.insertItems(tx, batchId, List.copyOf(buffer.items.values()), placed);
  }

  private List<PlacedRun> place(int environmentId, Buffer buffer) {
    if (buffer.items.isEmpty()) {
      return List.of();
    }
    List<NewRun> requested = buffer.items.values().stream().map(StreamedItem::run).toList();
    return assignLanes.assign(environmentId, requested, OnRejection.RECORD_AS_FAILED).placed();
  }

  /** Adds the items that are still buffered, and seals the batch if it is complete. */
  private Result<Added> finishStream(
      Tx tx,
      UUID batchId,
      Source source,
      ItemStream stream,
      Buffer buffer,
      List<PlacedRun> placed) {
    Progress progress = store.lock(tx, batchId);
    if (progress == null) {
      return Result.refused(Refusal.unprocessable("Batch not found"));
    }
    int count = progress.itemCount();
    int buffered = buffer.items.size();
    if (progress.sealed()) { // by another stream, in the meantime
      return Result.of(
          new Added(buffer.accepted, buffer.deduplicated + buffered, true, count, count));
    }
    if (progress.status() != BatchStatus.PENDING) {
      return notPending(batchId, progress.status());
    }
    Sealing sealing = new Sealing(tx, batchId, source, progress);
    int storedBefore = store.stored(tx, batchId);
    if (storedBefore == 0 && buffered == count) {
      sealing.create(placed);
      sealing.seal();
      return Result.of(
          new Added(buffer.accepted + buffered, buffer.deduplicated, true, count, count));
    }
    int inserted = buffered == 0 ? 0 : insert(tx, batchId, buffer, placed);
    int stored = storedBefore + inserted;
    if (stored == count) {
      sealing.createStored(stream);
      sealing.seal();
    }
    return Result.of(
        new Added(
            buffer.accepted + inserted,
            buffer.deduplicated + buffered - inserted,
            stored == count,
            stored,
            count));
  }

  /** Creates the runs of a complete, locked batch, in one or more parts, and then seals it. */
  private final class Sealing {
    private final Tx tx;
    private final UUID batchId;
    private final Source source;
    private final Progress progress;
    private final Instant now = clock.instant();
    private final List<UUID> runIds;
    private final List<ItemError> errors = new ArrayList<>();
    private int openRuns;

    Sealing(Tx tx, UUID batchId, Source source, Progress progress) {
      this.tx = tx;
      this.batchId = batchId;
      this.source = source;
      this.progress = progress;
      this.runIds = new ArrayList<>(progress.itemCount());
    }

    /** Creates the runs of the next items. */
    void create(List<PlacedRun> items) {
      List<PlacedRun> children =
          items.stream().map(item -> item.withParent(progress.parent())).toList();
      Origin origin = new Origin(batchId, runIds.size(), source, now);
      List<TriggeredRun> triggered = createRuns.create(tx, origin, children);
      for (int i = 0; i < items.size(); i++) {
        add(items.get(i).run(), triggered.get(i));
      }
    }

    /** Creates the runs of stored items, part by part, so that memory holds one part at a time. */
    void createStored(ItemStream stream) {
      while (runIds.size() < progress.itemCount()) {
        List<StoredItem> part = store.items(tx, batchId, runIds.size());
        create(part.stream().map(item -> placed(item, stream)).toList());
      }
    }

    private static PlacedRun placed(StoredItem item, ItemStream stream) {
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

    private void add(NewRun requested, TriggeredRun triggered) {
      RunError failure = requested.failure();
      if (failure != null) {
        errors.add(
            new ItemError(
                runIds.size(),
                requested.task(),
                String.valueOf(failure.message()),
                String.valueOf(failure.code())));
      } else if (triggered.created()) {
        openRuns++;
      }
      runIds.add(triggered.runId());
    }

    void seal() {
      store.seal(tx, batchId, new Sealed(runIds, openRuns, errors), now);
    }
  }
}

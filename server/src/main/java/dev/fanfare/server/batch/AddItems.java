package dev.fanfare.server.batch;

import static dev.fanfare.server.config.ServerSettings.STREAMED_BATCH_ITEMS_MAX;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.batch.StreamedBatchStore.Progress;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.RequestMemory;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.trigger.AssignLanes;
import dev.fanfare.server.trigger.OnRejection;
import dev.fanfare.server.trigger.PlacedRun;
import dev.fanfare.server.trigger.TriggerComponent;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Adds items to a streamed batch and seals the batch when it has all of them. The items may come in
 * several streams. Sealing creates all runs in one transaction, in the order of their indexes;
 * before that, the batch has no runs.
 *
 * <p>Items are buffered in memory, and a full buffer is flushed to the database. A batch that comes
 * in one stream and fits into the buffer is never stored there. Thread-safe.
 */
public final class AddItems {
  /** The size at which the buffer of a stream is flushed; one more item may exceed it. */
  public static final int BUFFER_BYTES_MAX = 4 * 1024 * 1024;

  /** What a part of a sealed batch takes: as text, as runs, and as the driver sends it. */
  private static final long PART_BYTES = 5L * BUFFER_BYTES_MAX;

  /** How long a stream waits for its turn to seal its batch. */
  private static final Duration TURN = Duration.ofSeconds(20);

  /** How many batches may create their runs from stored items at once, each part by part. */
  private final Semaphore sealings =
      new Semaphore((int) Math.max(2, RequestMemory.total() / (4 * PART_BYTES)), true);

  private final Database database;
  private final Signals signals;
  private final AssignLanes assignLanes;
  private final SealBatch sealBatch;
  private final BatchStore batches = new BatchStore();
  private final StreamedBatchStore store = new StreamedBatchStore();
  private final ItemStore itemStore = new ItemStore();
  private final StoreItems storeItems = new StoreItems();
  private final int itemsMax;

  AddItems(Resources resources, TriggerComponent trigger) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.assignLanes = trigger.assignLanes();
    this.sealBatch = new SealBatch(resources, trigger);
    this.itemsMax = resources.config().get(STREAMED_BATCH_ITEMS_MAX);
  }

  /**
   * The result of a stream.
   *
   * @param accepted the number of new items
   * @param deduplicated the number of items whose index the batch already had
   * @param sealed whether the batch has all its items
   * @param stored the number of items that the batch has now
   * @param itemCount the number of items that were announced; 0: not known yet
   */
  public record Added(int accepted, int deduplicated, boolean sealed, int stored, int itemCount) {}

  /**
   * The number of items of an open-ended batch, which the last stream tells.
   *
   * @param charge is called once, when the batch gets its number, and may throw
   */
  public record Ending(int itemCount, Runnable charge) {}

  /** As {@link #add(int, UUID, Source, ItemStream, Ending)}, for a batch of an announced number. */
  public Result<Added> add(int environmentId, UUID batchId, Source source, ItemStream stream) {
    return add(environmentId, batchId, source, stream, null);
  }

  /**
   * Reads a stream to its end. When the stream breaks off, or when an item is invalid or refused,
   * the items before it are stored and need not be sent again.
   *
   * @param source how the batch is triggered
   * @param ending absent: other streams may follow, or the batch is not open-ended
   */
  public Result<Added> add(
      int environmentId, UUID batchId, Source source, ItemStream stream, @Nullable Ending ending) {
    Batch batch = database.transaction(environmentId, tx -> batches.find(tx, batchId));
    if (batch == null) {
      return Result.refused(
          Refusal.unprocessable(
              "Batch " + PublicId.format(PublicId.BATCH, batchId) + " not found"));
    }
    int count = batch.itemCount();
    if (batch.sealedAt() != null) {
      return Result.of(new Added(0, 0, true, count, count));
    }
    if (batch.status() != BatchStatus.PENDING) {
      return notPending(batchId, batch.status());
    }
    if (ending != null) {
      Result<Integer> ended = database.attempt(environmentId, tx -> end(tx, batchId, ending));
      if (ended instanceof Result.Refused<Integer> refused) {
        return Result.refused(refused.refusal());
      }
      count = ending.itemCount();
    }
    return add(environmentId, batchId, source, stream, count);
  }

  /**
   * Gives an open-ended batch its number of items. Done before the last items are read, so that
   * they are checked.
   */
  private Result<Integer> end(Tx tx, UUID batchId, Ending ending) {
    Progress progress = store.lock(tx, batchId);
    if (progress == null) {
      return Result.refused(Refusal.unprocessable("Batch not found"));
    }
    int count = ending.itemCount();
    if (progress.itemCount() > 0) {
      return progress.itemCount() == count
          ? Result.of(count)
          : Result.refused(
              Refusal.unprocessable(
                  "The batch has " + progress.itemCount() + " items, not " + count));
    }
    int greatest = itemStore.greatestIndex(tx, batchId);
    if (greatest >= count) {
      return Result.refused(exceeds(greatest, count));
    }
    ending.charge().run();
    store.setCount(tx, batchId, count);
    return Result.of(count);
  }

  private static Refusal exceeds(int index, int count) {
    return Refusal.unprocessable("Item index " + index + " exceeds batch runCount " + count);
  }

  /**
   * @param announced the number of items; 0: not known yet
   */
  private Result<Added> add(
      int environmentId, UUID batchId, Source source, ItemStream stream, int announced) {
    int indexesMax = announced > 0 ? announced : itemsMax;
    ItemBuffer buffer = new ItemBuffer();
    try {
      for (StreamedItem item = stream.next(); item != null; item = stream.next()) {
        if (item.index() >= indexesMax) {
          flush(environmentId, batchId, buffer);
          return Result.refused(exceeds(item.index(), indexesMax));
        }
        buffer.add(item);
        if (buffer.isFull()) {
          flush(environmentId, batchId, buffer);
        }
      }
    } catch (RuntimeException e) {
      flush(environmentId, batchId, buffer);
      throw e;
    }
    if (announced > 0 && buffer.isWholeBatch(announced)) {
      Result<Added> added = createAtOnce(environmentId, batchId, source, buffer);
      if (added != null) {
        return added;
      }
    }
    Progress progress = flush(environmentId, batchId, buffer);
    if (progress == null) {
      return Result.refused(Refusal.unprocessable("Batch not found"));
    }
    if (progress.isComplete()) {
      progress = seal(environmentId, batchId, source, stream);
    }
    int count = progress.itemCount();
    return progress.sealed() || progress.status() == BatchStatus.PENDING
        ? Result.of(
            buffer.added(
                progress.sealed(), progress.sealed() ? count : progress.storedItems(), count))
        : notPending(batchId, progress.status());
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

  private List<PlacedRun> place(int environmentId, ItemBuffer buffer) {
    return buffer.items().isEmpty()
        ? List.of()
        : assignLanes.assign(environmentId, buffer.runs(), OnRejection.RECORD_AS_FAILED).placed();
  }

  /**
   * Stores the buffered items if the batch still accepts items, and empties the buffer. Returns the
   * state of the batch; {@code null} if it is gone.
   */
  private @Nullable Progress flush(int environmentId, UUID batchId, ItemBuffer buffer) {
    StoreItems.Stored stored =
        assignLanes.retrying(
            environmentId,
            () -> {
              List<PlacedRun> placed = place(environmentId, buffer);
              return database.transaction(
                  environmentId, tx -> storeItems.store(tx, batchId, buffer.items(), placed));
            });
    buffer.flushed(stored.inserted());
    return stored.progress();
  }

  /**
   * Creates the runs of a batch all of whose items are in memory, and seals it; {@code null} if
   * some are stored, or it cannot be sealed.
   */
  private @Nullable Result<Added> createAtOnce(
      int environmentId, UUID batchId, Source source, ItemBuffer buffer) {
    boolean created =
        assignLanes.retrying(
            environmentId,
            () -> {
              List<PlacedRun> placed = place(environmentId, buffer);
              return database.transaction(
                  environmentId,
                  tx -> {
                    Progress progress = store.lock(tx, batchId);
                    if (progress == null || !progress.isOpen() || progress.storedItems() > 0) {
                      return false;
                    }
                    sealBatch.of(tx, batchId, source, progress).create(placed);
                    return true;
                  });
            });
    if (!created) {
      return null;
    }
    int count = buffer.items().size();
    buffer.flushed(count);
    signals.ready(environmentId, Set.of(), count);
    return Result.of(buffer.added(true, count, count));
  }

  /** Creates the runs of a batch from its stored items, and seals it, unless another stream did. */
  private Progress seal(int environmentId, UUID batchId, Source source, ItemStream stream) {
    awaitTurn();
    try {
      Progress sealed =
          assignLanes.retrying(
              environmentId,
              () ->
                  database.transaction(
                      environmentId,
                      tx -> {
                        Progress progress = store.lock(tx, batchId);
                        if (progress == null) {
                          throw DatabaseException.busy("The batch was dropped before its seal");
                        }
                        if (!progress.isOpen()) {
                          return progress;
                        }
                        sealBatch.of(tx, batchId, source, progress).createStored(stream);
                        return progress.asSealed();
                      }));
      signals.ready(environmentId, Set.of(), sealed.itemCount());
      return sealed;
    } finally {
      sealings.release();
    }
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
}

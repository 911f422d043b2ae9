package dev.fanfare.server.batch;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.access.UsedTokenStore;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import dev.fanfare.server.run.HandOver;
import dev.fanfare.server.run.HandOver.Reservation;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.AssignLanes;
import dev.fanfare.server.trigger.AssignLanes.Assigned;
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
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Triggers a batch: stores all its runs or none.
 *
 * <p>The steps: assign each item to a lane, in a transaction of its own; in one transaction, claim
 * the keys, create and queue the runs, use up the one-time token and insert the batch; after the
 * commit, signal waiting polls. The number of statements does not depend on the number of items,
 * unless their payloads are very long. Thread-safe.
 */
public final class TriggerBatch {
  private final Database database;
  private final Signals signals;
  private final InstantSource clock;
  private final TimeOrderedIds ids;
  private final AssignLanes assignLanes;
  private final CreateRuns createRuns;
  private final HandOver handOver;
  private final BatchKeys keys = new BatchKeys();
  private final BatchStore batches = new BatchStore();
  private final UsedTokenStore usedTokens = new UsedTokenStore();

  TriggerBatch(Resources resources, TriggerComponent trigger) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.clock = resources.clock();
    this.ids = resources.ids();
    this.assignLanes = trigger.assignLanes();
    this.createRuns = trigger.createRuns();
    this.handOver = trigger.handOver();
  }

  /**
   * Stores the batch. Once this returns a value, the batch and all its runs are durable. A refusal
   * has stored no run and no batch; new tasks, queues and lanes that the items name may stay.
   */
  public Result<TriggeredBatch> trigger(int environmentId, NewBatch batch) {
    return assignLanes.retrying(environmentId, () -> triggerOnce(environmentId, batch));
  }

  private Result<TriggeredBatch> triggerOnce(int environmentId, NewBatch batch) {
    Assigned assigned =
        assignLanes.assign(environmentId, itemsWithKeys(batch), OnRejection.REFUSE_ALL);
    if (!assigned.rejected().isEmpty()) {
      Map.Entry<Integer, String> first = assigned.rejected().firstEntry();
      return Result.refused(
          Refusal.unprocessable("items[" + first.getKey() + "]: " + first.getValue()));
    }
    List<PlacedRun> placed = assigned.placed();
    Reservation poll =
        isPlain(batch)
            ? handOver.reserve(environmentId, PlacedRun.lanes(placed))
            : Reservation.NONE;
    Result<TriggeredBatch> triggered;
    int handedOver = 0;
    try {
      triggered = database.attempt(environmentId, tx -> store(tx, batch, placed, poll));
      if (triggered instanceof Result.Success) {
        handedOver = poll.committed();
      } else {
        poll.rolledBack();
      }
    } catch (Throwable e) {
      poll.failed(e);
      throw e;
    }
    if (triggered instanceof Result.Success && handedOver < placed.size()) {
      signals.ready(environmentId, PlacedRun.taskIds(placed), placed.size() - handedOver);
    }
    return triggered;
  }

  /** Whether its transaction waits for no other, because then a poll must not wait for it. */
  private static boolean isPlain(NewBatch batch) {
    return batch.key() == null
        && batch.token() == null
        && batch.items().stream()
            .allMatch(run -> run.key() == null && run.debounce() == null && run.parent() == null);
  }

  /**
   * The items of the batch. With a batch key, items without a key get one derived from it and their
   * index, so that a retry of the batch creates no run twice.
   */
  private static List<NewRun> itemsWithKeys(NewBatch batch) {
    NewRun.Key key = batch.key();
    if (key == null) {
      return batch.items();
    }
    List<NewRun> items = new ArrayList<>(batch.items().size());
    for (int i = 0; i < batch.items().size(); i++) {
      String derived = Hash.of(key.text() + "-" + i).hex();
      items.add(batch.items().get(i).withDefaultKey(new NewRun.Key(derived, key.ttl())));
    }
    return items;
  }

  private Result<TriggeredBatch> store(
      Tx tx, NewBatch batch, List<PlacedRun> placed, Reservation poll) {
    poll.begin();
    Instant now = clock.instant();
    UUID batchId = ids.next();
    BatchKeys.Older older = keys.claim(tx, batchId, batch.key(), batch.requestKey(), now);
    if (older != null) {
      return existing(tx, older, placed);
    }
    List<TriggeredRun> triggered =
        createRuns.create(tx, new Origin(batchId, 0, batch.source(), now), placed, poll);
    if (batch.token() != null && !usedTokens.spend(tx, batch.token())) {
      return Result.refused(OneTimeToken.alreadyUsed("batch trigger"));
    }
    batches.insert(
        tx,
        batchId,
        RunRanges.of(triggered.stream().map(TriggeredRun::runId).toList()),
        openRuns(placed, triggered),
        batch.keyText(),
        now);
    List<Integer> cached =
        IntStream.range(0, triggered.size())
            .filter(i -> triggered.get(i).cached())
            .boxed()
            .toList();
    if (batch.requestKey() != null && !cached.isEmpty()) {
      keys.noteCachedItems(tx, batchId, batch.requestKey(), cached);
    }
    return Result.of(TriggeredBatch.created(batchId, batch.keyText(), items(placed, triggered)));
  }

  /**
   * The result for a batch whose request key or batch key an older batch holds. An announced batch
   * is refused: it has other items, or still lacks them.
   */
  private Result<TriggeredBatch> existing(Tx tx, BatchKeys.Older older, List<PlacedRun> placed) {
    Batch batch = older.batch();
    if (batch.announced()) {
      return Result.refused(
          Refusal.unprocessable(
              "Cannot batch trigger as it has already been triggered with the same idempotency"
                  + " key."));
    }
    List<BatchStore.StoredItem> stored = batches.items(tx, batch.runIds());
    boolean sameItems = placed.size() == batch.runIds().size();
    boolean allCached = older.answer().cached();
    Set<Integer> cached = Set.copyOf(older.answer().cachedItems());
    List<TriggeredBatch.Item> items = new ArrayList<>(stored.size());
    for (BatchStore.StoredItem each : stored) {
      TriggeredBatch.Item item = each.item();
      NewRun repeated = sameItems ? placed.get(each.index()).run() : null;
      items.add(
          new TriggeredBatch.Item(
              item.runId(),
              item.task(),
              allCached || cached.contains(each.index()),
              // The run of an item that was coalesced has the key of another item.
              repeated != null && repeated.task().equals(item.task())
                  ? keyText(repeated)
                  : item.key()));
    }
    return Result.of(
        new TriggeredBatch(batch.id(), allCached, true, batch.idempotencyKey(), items));
  }

  private static @Nullable String keyText(NewRun run) {
    NewRun.Key key = run.key();
    return key == null ? null : key.text();
  }

  /**
   * The number of created runs that are not final: an item that is a failed run is final from the
   * start. Older runs count in their own batches.
   */
  private static int openRuns(List<PlacedRun> placed, List<TriggeredRun> triggered) {
    int open = 0;
    for (int i = 0; i < triggered.size(); i++) {
      if (triggered.get(i).created() && placed.get(i).run().failure() == null) {
        open++;
      }
    }
    return open;
  }

  private static List<TriggeredBatch.Item> items(
      List<PlacedRun> placed, List<TriggeredRun> triggered) {
    List<TriggeredBatch.Item> items = new ArrayList<>(triggered.size());
    for (int i = 0; i < triggered.size(); i++) {
      NewRun requested = placed.get(i).run();
      items.add(
          new TriggeredBatch.Item(
              triggered.get(i).runId(),
              requested.task(),
              triggered.get(i).cached(),
              keyText(requested)));
    }
    return items;
  }
}

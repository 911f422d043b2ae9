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
import java.util.Objects;
import java.util.UUID;

/**
 * Triggers a batch: all of it or nothing. The items come checked. Each is assigned to its lane;
 * then one transaction of a handful of statements stores keys, runs, ready entries and the batch;
 * after its commit, workers are notified and the caller is answered.
 */
public final class TriggerBatch {
  private final Database database;
  private final Signals signals;
  private final InstantSource clock;
  private final TimeOrderedIds ids;
  private final AssignLanes lanes;
  private final CreateRuns runs;
  private final BatchKeys keys = new BatchKeys();
  private final BatchStore batches = new BatchStore();
  private final UsedTokenStore usedTokens = new UsedTokenStore();

  TriggerBatch(Resources resources, TriggerComponent trigger) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.clock = resources.clock();
    this.ids = resources.ids();
    this.lanes = trigger.assignLanes();
    this.runs = trigger.createRuns();
  }

  /** Stores the batch and returns when it is durable. Refused, nothing of it is stored. */
  public Result<TriggeredBatch> trigger(int environmentId, NewBatch batch) {
    Assigned assigned = lanes.assign(environmentId, itemsWithKeys(batch), OnRejection.REFUSE_ALL);
    if (!assigned.rejected().isEmpty()) {
      Map.Entry<Integer, String> first = assigned.rejected().firstEntry();
      return Result.refused(
          Refusal.unprocessable("items[" + first.getKey() + "]: " + first.getValue()));
    }
    Result<TriggeredBatch> triggered =
        database.attempt(environmentId, tx -> store(tx, batch, assigned.placed(), clock.instant()));
    signals.ready(environmentId);
    return triggered;
  }

  private Result<TriggeredBatch> store(Tx tx, NewBatch batch, List<PlacedRun> placed, Instant now) {
    UUID batchId = ids.next();
    BatchKeys.Older older = keys.claim(tx, batchId, batch.key(), batch.requestKey(), now);
    if (older != null) {
      return Result.of(stored(tx, older));
    }
    List<TriggeredRun> created =
        runs.create(tx, new Origin(batchId, 0, batch.source(), now), placed);
    if (batch.token() != null && !usedTokens.spend(tx, batch.token())) {
      return Result.refused(OneTimeToken.alreadyUsed("batch trigger"));
    }
    batches.insert(
        tx,
        batchId,
        created.stream().map(TriggeredRun::runId).toList(),
        openRuns(placed, created),
        batch.keyText(),
        now);
    return Result.of(
        new TriggeredBatch(batchId, false, false, batch.keyText(), items(placed, created)));
  }

  /** An item without a key gets one from the batch's, so that it stays one run in every retry. */
  private static List<NewRun> itemsWithKeys(NewBatch batch) {
    NewRun.Key key = batch.key();
    if (key == null) {
      return batch.items();
    }
    List<NewRun> items = new ArrayList<>(batch.items().size());
    for (NewRun item : batch.items()) {
      String derived = Hash.of(key.text() + "-" + items.size()).hex();
      items.add(item.withDefaultKey(new NewRun.Key(derived, key.ttl())));
    }
    return items;
  }

  /** The batch's own runs that are not final; older runs were counted by their own batches. */
  private static int openRuns(List<PlacedRun> placed, List<TriggeredRun> created) {
    int open = 0;
    for (int i = 0; i < created.size(); i++) {
      if (created.get(i).created() && placed.get(i).run().failure() == null) {
        open++;
      }
    }
    return open;
  }

  private static List<TriggeredBatch.Item> items(
      List<PlacedRun> placed, List<TriggeredRun> created) {
    List<TriggeredBatch.Item> items = new ArrayList<>(created.size());
    for (int i = 0; i < created.size(); i++) {
      NewRun asked = placed.get(i).run();
      items.add(
          new TriggeredBatch.Item(
              created.get(i).runId(),
              asked.task(),
              created.get(i).cached(),
              asked.key() == null ? null : asked.key().text()));
    }
    return items;
  }

  private TriggeredBatch stored(Tx tx, BatchKeys.Older older) {
    Batch batch = Objects.requireNonNull(batches.find(tx, older.batchId()));
    List<TriggeredBatch.Item> items = batches.items(tx, older.batchId());
    if (older.cached()) {
      items = items.stream().map(TriggeredBatch.Item::asCached).toList();
    }
    return new TriggeredBatch(older.batchId(), older.cached(), true, batch.idempotencyKey(), items);
  }
}

package dev.fanfare.server.batch;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.access.UsedTokenStore;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.Hash;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.PlaceRuns;
import dev.fanfare.server.run.PlacedRun;
import dev.fanfare.server.run.Refused;
import dev.fanfare.server.run.RequestKeyStore;
import dev.fanfare.server.run.TriggerRuns;
import dev.fanfare.server.run.TriggeredRun;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * Triggers a batch: all of it or nothing. The items are checked and placed; then one transaction of
 * a handful of statements stores keys, runs, ready entries and the batch; then, after the commit,
 * workers are told and the caller is answered.
 */
public final class TriggerBatch {
  private final Database database;
  private final Signals signals;
  private final InstantSource clock;
  private final TimeOrderedIds ids;
  private final PlaceRuns place;
  private final TriggerRuns trigger;
  private final RequestKeyStore requests = new RequestKeyStore();
  private final BatchStore batches = new BatchStore();
  private final UsedTokenStore usedTokens = new UsedTokenStore();

  public TriggerBatch(
      Database database,
      Signals signals,
      InstantSource clock,
      TimeOrderedIds ids,
      PlaceRuns place,
      TriggerRuns trigger) {
    this.database = database;
    this.signals = signals;
    this.clock = clock;
    this.ids = ids;
    this.place = place;
    this.trigger = trigger;
  }

  /** Stores the batch and returns when it is durable. */
  public TriggeredBatch trigger(int environmentId, NewBatch batch) {
    List<PlacedRun> placed = place.place(environmentId, itemsWithKeys(batch), Refused.IN_A_BATCH);
    TriggeredBatch triggered =
        database.transaction(tx -> store(tx, environmentId, batch, placed, clock.instant()));
    signals.ready(environmentId);
    return triggered;
  }

  private TriggeredBatch store(
      Tx tx, int environmentId, NewBatch batch, List<PlacedRun> placed, Instant now) {
    UUID batchId = ids.next();
    if (batch.requestKey() != null) {
      UUID before = requests.claim(tx, environmentId, batch.requestKey(), batchId, now);
      if (before != null) {
        return stored(tx, environmentId, before, false);
      }
    }
    if (batch.key() != null) {
      Instant expiresAt = now.plus(batch.key().ttl());
      Hash hash = Hash.of(batch.key().text());
      UUID holder = batches.claimKey(tx, environmentId, hash, batchId, now, expiresAt);
      if (!holder.equals(batchId)) {
        if (batch.requestKey() != null) {
          requests.answer(tx, environmentId, batch.requestKey(), holder);
        }
        return stored(tx, environmentId, holder, true);
      }
    }
    List<TriggeredRun> runs =
        trigger.trigger(tx, environmentId, batchId, 0, batch.source(), now, placed);
    usedTokens.spend(tx, environmentId, batch.token(), "batch trigger");
    TriggeredBatch triggered = triggered(batchId, batch, placed, runs);
    batches.insert(
        tx,
        environmentId,
        batchId,
        runs.stream().map(TriggeredRun::runId).toList(),
        openRuns(placed, runs),
        batch.key() == null ? null : batch.key().text(),
        now);
    return triggered;
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

  /** The batch's own runs that will end one day; older runs were counted by their own batches. */
  private static int openRuns(List<PlacedRun> placed, List<TriggeredRun> runs) {
    int open = 0;
    for (int i = 0; i < runs.size(); i++) {
      if (runs.get(i).created() && placed.get(i).run().failure() == null) {
        open++;
      }
    }
    return open;
  }

  private static TriggeredBatch triggered(
      UUID batchId, NewBatch batch, List<PlacedRun> placed, List<TriggeredRun> runs) {
    List<TriggeredBatch.Item> items = new ArrayList<>(runs.size());
    for (int i = 0; i < runs.size(); i++) {
      NewRun asked = placed.get(i).run();
      items.add(
          new TriggeredBatch.Item(
              runs.get(i).runId(),
              asked.task(),
              runs.get(i).cached(),
              asked.key() == null ? null : asked.key().text()));
    }
    String key = batch.key() == null ? null : batch.key().text();
    return new TriggeredBatch(batchId, false, false, key, items);
  }

  private TriggeredBatch stored(Tx tx, int environmentId, UUID batchId, boolean cached) {
    Batch batch = Objects.requireNonNull(batches.find(tx, environmentId, batchId));
    List<TriggeredBatch.Item> items = batches.items(tx, environmentId, batchId);
    if (cached) {
      items =
          items.stream()
              .map(i -> new TriggeredBatch.Item(i.runId(), i.task(), true, i.key()))
              .toList();
    }
    return new TriggeredBatch(batchId, cached, true, batch.idempotencyKey(), items);
  }
}

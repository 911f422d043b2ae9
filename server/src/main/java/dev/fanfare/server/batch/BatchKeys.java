package dev.fanfare.server.batch;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.RequestKeyStore;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Claims the two keys of a new batch: its request key and its batch key. */
final class BatchKeys {
  private final RequestKeyStore requestKeys = new RequestKeyStore();
  private final BatchStore batches = new BatchStore();

  /**
   * The older batch that holds one of the keys.
   *
   * @param answer what the first response said about it
   * @param byBatchKey whether it holds the batch key; else it holds the request key
   */
  record Older(Batch batch, RequestKeyStore.Answer answer, boolean byBatchKey) {}

  /**
   * Claims the keys for {@code batchId}. Returns the older batch that holds one of them, or {@code
   * null} if the new batch now holds both. A key whose batch was dropped is free. Waits for a
   * concurrent transaction that claims the same keys.
   *
   * @param key the batch key; absent: every request creates a batch
   * @param requestKey identifies a repeated request; absent: every request is a new one
   */
  @Nullable Older claim(
      Tx tx, UUID batchId, NewRun.@Nullable Key key, @Nullable Hash requestKey, Instant now) {
    if (requestKey != null) {
      RequestKeyStore.Answer first = requestKeys.claim(tx, requestKey, batchId, now);
      if (first != null) {
        Batch batch = batches.find(tx, first.id());
        return batch == null
            ? claimAgain(tx, batchId, key, requestKey, now)
            : new Older(batch, first, false);
      }
    }
    return claimBatchKey(tx, batchId, key, requestKey, now);
  }

  /**
   * Claims the keys of a repeated request whose batch was given up: as {@link #claim}, but the
   * request key moves to {@code batchId}.
   */
  @Nullable Older claimAgain(
      Tx tx, UUID batchId, NewRun.@Nullable Key key, @Nullable Hash requestKey, Instant now) {
    if (requestKey != null) {
      requestKeys.change(tx, requestKey, RequestKeyStore.Answer.created(batchId));
    }
    return claimBatchKey(tx, batchId, key, requestKey, now);
  }

  private @Nullable Older claimBatchKey(
      Tx tx, UUID batchId, NewRun.@Nullable Key key, @Nullable Hash requestKey, Instant now) {
    if (key == null) {
      return null;
    }
    Hash hash = Hash.of(key.text());
    UUID holder = batches.claimKey(tx, hash, batchId, now, now.plus(key.ttl()));
    if (holder.equals(batchId)) {
      return null;
    }
    Batch batch = batches.find(tx, holder);
    if (batch == null) {
      batches.takeKey(tx, hash, batchId, now.plus(key.ttl()));
      return null;
    }
    RequestKeyStore.Answer answer = RequestKeyStore.Answer.older(holder);
    if (requestKey != null) {
      requestKeys.change(tx, requestKey, answer);
    }
    return new Older(batch, answer, true);
  }

  /** Notes which items of a new batch older runs answered, for a repeated request. */
  void noteCachedItems(Tx tx, UUID batchId, Hash requestKey, List<Integer> cachedItems) {
    requestKeys.change(tx, requestKey, new RequestKeyStore.Answer(batchId, false, cachedItems));
  }
}

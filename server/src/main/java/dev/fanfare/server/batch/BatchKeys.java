package dev.fanfare.server.batch;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.RequestKeyStore;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Claims the two keys of a new batch: its request key and its batch key. */
final class BatchKeys {
  private final RequestKeyStore requestKeys = new RequestKeyStore();
  private final BatchStore batches = new BatchStore();

  /**
   * The older batch that holds one of the keys.
   *
   * @param byBatchKey whether it holds the batch key; else it holds the request key
   */
  record Older(UUID batchId, boolean byBatchKey) {}

  /**
   * Claims the keys for {@code batchId}. Returns the older batch that holds one of them, or {@code
   * null} if the new batch now holds both. Waits for a concurrent transaction that claims the same
   * keys.
   *
   * @param key the batch key; absent: every request creates a batch
   * @param requestKey identifies a repeated request; absent: every request is a new one
   */
  @Nullable Older claim(
      Tx tx, UUID batchId, NewRun.@Nullable Key key, @Nullable Hash requestKey, Instant now) {
    if (requestKey != null) {
      UUID first = requestKeys.claim(tx, requestKey, batchId, now);
      if (first != null) {
        return new Older(first, false);
      }
    }
    if (key != null) {
      UUID holder = batches.claimKey(tx, Hash.of(key.text()), batchId, now, now.plus(key.ttl()));
      if (!holder.equals(batchId)) {
        if (requestKey != null) {
          requestKeys.repoint(tx, requestKey, holder);
        }
        return new Older(holder, true);
      }
    }
    return null;
  }
}

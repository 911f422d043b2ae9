package dev.fanfare.server.batch;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.RequestKeyStore;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Claims the keys of a new batch: that of its request, which is sent again when an answer was lost,
 * and the batch's own idempotency key.
 */
final class BatchKeys {
  private final RequestKeyStore requests = new RequestKeyStore();
  private final BatchStore batches = new BatchStore();

  /**
   * An older batch that answers instead.
   *
   * @param cached whether it has the idempotency key; else it was made by the same request
   */
  record Older(UUID batchId, boolean cached) {}

  /**
   * Claims the keys for {@code batchId}; returns the older batch that has one of them, or {@code
   * null} when both are its own now. Waits for a first sending that is still being stored.
   *
   * @param key absent: every batch is a new one
   * @param requestKey absent: the client marks no repeated requests
   */
  @Nullable Older claim(
      Tx tx, UUID batchId, NewRun.@Nullable Key key, @Nullable Hash requestKey, Instant now) {
    if (requestKey != null) {
      UUID before = requests.claim(tx, requestKey, batchId, now);
      if (before != null) {
        return new Older(before, false);
      }
    }
    if (key != null) {
      UUID holder = batches.claimKey(tx, Hash.of(key.text()), batchId, now, now.plus(key.ttl()));
      if (!holder.equals(batchId)) {
        if (requestKey != null) {
          requests.repoint(tx, requestKey, holder);
        }
        return new Older(holder, true);
      }
    }
    return null;
  }
}

package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.access.UsedTokenStore;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.Hash;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.RequestKeyStore;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Announces a batch whose items will be streamed; see {@link AddItems}. */
public final class CreateBatch {
  private final Database database;
  private final InstantSource clock;
  private final TimeOrderedIds ids;
  private final RequestKeyStore requests = new RequestKeyStore();
  private final UsedTokenStore usedTokens = new UsedTokenStore();
  private final BatchStore batches = new BatchStore();
  private final StreamedBatchStore streamed = new StreamedBatchStore();

  public CreateBatch(Database database, InstantSource clock, TimeOrderedIds ids) {
    this.database = database;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * The batch that answers.
   *
   * @param cached whether it was there before, by its idempotency key, and wants no more items
   * @param repeated whether it was there before at all
   */
  public record Created(UUID batchId, int itemCount, boolean cached, boolean repeated) {}

  /**
   * Stores a batch without items and returns when it is durable.
   *
   * @param parent the run that triggers it; absent: none does
   * @param key makes the same batch sent twice one batch; absent: every batch is a new one
   * @param requestKey hash of what marks a repeated request; absent: the client sends no such mark
   * @param token used up by a new batch; absent: the caller may create as many as it likes
   */
  public Created create(
      int environmentId,
      int itemCount,
      @Nullable NamedParent parent,
      NewRun.@Nullable Key key,
      @Nullable Hash requestKey,
      @Nullable OneTimeToken token) {
    Instant now = clock.instant();
    return database.transaction(
        tx -> create(tx, environmentId, itemCount, parent, key, requestKey, token, now));
  }

  private Created create(
      Tx tx,
      int environmentId,
      int itemCount,
      @Nullable NamedParent parent,
      NewRun.@Nullable Key key,
      @Nullable Hash requestKey,
      @Nullable OneTimeToken token,
      Instant now) {
    UUID batchId = ids.next();
    if (requestKey != null) {
      UUID before = requests.claim(tx, environmentId, requestKey, batchId, now);
      if (before != null) {
        return stored(tx, environmentId, before);
      }
    }
    if (key != null) {
      UUID holder =
          batches.claimKey(
              tx, environmentId, Hash.of(key.text()), batchId, now, now.plus(key.ttl()));
      if (!holder.equals(batchId)) {
        if (requestKey != null) {
          requests.answer(tx, environmentId, requestKey, holder);
        }
        return stored(tx, environmentId, holder);
      }
    }
    usedTokens.spend(tx, environmentId, token, "create batch");
    streamed.insert(
        tx, environmentId, batchId, itemCount, parent, key == null ? null : key.text(), now);
    return new Created(batchId, itemCount, false, false);
  }

  /** A client that died between the two calls must send the items: it is not told of a cache. */
  private Created stored(Tx tx, int environmentId, UUID batchId) {
    Batch batch = Objects.requireNonNull(batches.find(tx, environmentId, batchId));
    boolean open = batch.sealedAt() == null && batch.status() == BatchStatus.PENDING;
    return new Created(batchId, batch.itemCount(), !open, true);
  }
}

package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.access.UsedTokenStore;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.result.Result;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.text.Hash;
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
  private final BatchKeys keys = new BatchKeys();
  private final UsedTokenStore usedTokens = new UsedTokenStore();
  private final BatchStore batches = new BatchStore();
  private final StreamedBatchStore streamed = new StreamedBatchStore();

  CreateBatch(Resources resources) {
    this.database = resources.database();
    this.clock = resources.clock();
    this.ids = resources.ids();
  }

  /**
   * A batch to be announced.
   *
   * @param parent the run that triggers it; absent: none does
   * @param key makes the same batch sent twice one batch; absent: every batch is a new one
   * @param requestKey hash of what marks a repeated request; absent: the client sends no such mark
   * @param token used up by a new batch; absent: the caller may create as many as it likes
   */
  public record Announcement(
      int itemCount,
      @Nullable NamedParent parent,
      NewRun.@Nullable Key key,
      @Nullable Hash requestKey,
      @Nullable OneTimeToken token) {}

  /**
   * The batch that answers.
   *
   * @param cached whether it was there before, by its idempotency key, and wants no more items
   * @param repeated whether it was there before at all
   */
  public record Created(UUID batchId, int itemCount, boolean cached, boolean repeated) {}

  /** Stores a batch without items and returns when it is durable. */
  public Result<Created> create(int environmentId, Announcement batch) {
    Instant now = clock.instant();
    return database.attempt(environmentId, tx -> create(tx, batch, now));
  }

  private Result<Created> create(Tx tx, Announcement batch, Instant now) {
    UUID batchId = ids.next();
    NewRun.Key key = batch.key();
    BatchKeys.Older older = keys.claim(tx, batchId, key, batch.requestKey(), now);
    if (older != null) {
      return Result.of(stored(tx, older.batchId()));
    }
    if (batch.token() != null && !usedTokens.spend(tx, batch.token())) {
      return Result.refused(OneTimeToken.alreadyUsed("create batch"));
    }
    String keyText = key == null ? null : key.text();
    streamed.insert(tx, batchId, batch.itemCount(), batch.parent(), keyText, now);
    return Result.of(new Created(batchId, batch.itemCount(), false, false));
  }

  /**
   * A client that died between the two calls must still send the items: it does not get to see that
   * the batch was cached.
   */
  private Created stored(Tx tx, UUID batchId) {
    Batch batch = Objects.requireNonNull(batches.find(tx, batchId));
    boolean open = batch.sealedAt() == null && batch.status() == BatchStatus.PENDING;
    return new Created(batchId, batch.itemCount(), !open, true);
  }
}

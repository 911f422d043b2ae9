package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.access.UsedTokenStore;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.text.Hash;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Announces a streamed batch, which has no items yet; {@link AddItems} adds them. Thread-safe. */
public final class AnnounceBatch {
  private final Database database;
  private final InstantSource clock;
  private final TimeOrderedIds ids;
  private final BatchKeys keys = new BatchKeys();
  private final UsedTokenStore usedTokens = new UsedTokenStore();
  private final StreamedBatchStore streamedBatches = new StreamedBatchStore();

  AnnounceBatch(Resources resources) {
    this.database = resources.database();
    this.clock = resources.clock();
    this.ids = resources.ids();
  }

  /**
   * The announcement of a batch.
   *
   * @param itemCount the number of items that will be streamed; 0: the last stream tells it
   * @param parent the run that triggers it; absent: none
   * @param key the batch key; absent: every announcement creates a batch
   * @param requestKey identifies a repeated request; absent: every request is a new one
   * @param token the one-time token that a new batch uses up; absent: none
   */
  public record Announcement(
      int itemCount,
      @Nullable NamedParent parent,
      NewRun.@Nullable Key key,
      @Nullable Hash requestKey,
      @Nullable OneTimeToken token) {}

  /**
   * The batch that answers an announcement.
   *
   * @param closed whether it is an older batch that accepts no more items
   * @param repeated whether it is an older batch, which holds one of the keys
   */
  public record Announced(UUID batchId, int itemCount, boolean closed, boolean repeated) {
    private static Announced created(UUID batchId, int itemCount) {
      return new Announced(batchId, itemCount, false, false);
    }
  }

  /** Stores a batch without items. Once this returns, the batch is durable. */
  public Result<Announced> announce(int environmentId, Announcement batch) {
    Instant now = clock.instant();
    return database.attempt(environmentId, tx -> announce(tx, batch, now));
  }

  private Result<Announced> announce(Tx tx, Announcement batch, Instant now) {
    UUID batchId = ids.next();
    NewRun.Key key = batch.key();
    BatchKeys.Older older = keys.claim(tx, batchId, key, batch.requestKey(), now);
    boolean again = older != null && !older.byBatchKey() && older.batch().isGivenUp();
    if (again) {
      // Its items would be refused, and the client does not expect that of a request it repeats.
      older = keys.claimAgain(tx, batchId, key, batch.requestKey(), now);
    }
    if (older != null) {
      return existing(older.batch(), older.byBatchKey());
    }
    // A repeated request has used up its token before. If its batch was dropped, it may have run,
    // so
    // the used token is refused.
    if (!again && batch.token() != null && !usedTokens.spend(tx, batch.token())) {
      return Result.refused(OneTimeToken.alreadyUsed("create batch"));
    }
    String keyText = key == null ? null : key.text();
    streamedBatches.insert(tx, batchId, batch.itemCount(), batch.parent(), keyText, now);
    return Result.of(Announced.created(batchId, batch.itemCount()));
  }

  /**
   * The result for an older batch. One that still accepts items is not reported as closed, because
   * a client that crashed between the two calls must still stream the items. A batch that was
   * triggered in one request is refused: it has other items than those that the client would stream
   * next, and that would be lost.
   */
  private static Result<Announced> existing(Batch batch, boolean byBatchKey) {
    if (byBatchKey && !batch.announced()) {
      return Result.refused(
          Refusal.unprocessable(
              "Cannot create batch as it has already been created with the same idempotency key."));
    }
    boolean open = batch.sealedAt() == null && batch.status() == BatchStatus.PENDING;
    return Result.of(new Announced(batch.id(), batch.itemCount(), !open, true));
  }
}

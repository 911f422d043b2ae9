package dev.fanfare.server.batch;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.run.FinalRunQueries;
import dev.fanfare.server.run.Run;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Reads the batches of an environment. Thread-safe. */
public final class ReadBatches {
  /** The most runs that are looked at together. */
  private static final int RUNS_AT_ONCE = 1_000;

  /** The ids of a range as they are read and as they are held. */
  private static final long RANGE_BYTES = 256;

  private final Database database;
  private final BatchStore batches = new BatchStore();
  private final FinalRunQueries runs = new FinalRunQueries();

  ReadBatches(Database database) {
    this.database = database;
  }

  /**
   * The batch with this id, or {@code null} when the environment has no such batch.
   *
   * @param reserve takes memory for the run ids of a batch that older runs answer in large part,
   *     before they are read; those of others take little
   */
  public @Nullable Batch find(int environmentId, UUID batchId, LongConsumer reserve) {
    return database.transaction(
        environmentId,
        tx -> {
          Later<List<Integer>> ranges = batches.rangesLater(tx, batchId);
          Batch batch = batches.find(tx, batchId, RUNS_AT_ONCE);
          if (batch == null || ranges.get().getFirst() <= RUNS_AT_ONCE) {
            return batch;
          }
          reserve.accept(RANGE_BYTES * ranges.get().getFirst());
          return batches.find(tx, batchId);
        });
  }

  /**
   * The size of the texts that {@link #eachFinal} holds at once, in bytes; {@code outputMax} and
   * more if the batch has so many runs that looking at all of them would take long.
   */
  public long bytesOfFinal(int environmentId, Batch batch, long outputMax) {
    List<UUID> runIds = batch.runIds();
    return runIds.size() > RUNS_AT_ONCE
        ? outputMax + FinalRunQueries.BYTES_AT_ONCE
        : database.transaction(environmentId, tx -> runs.finalBytes(tx, runIds));
  }

  /**
   * Passes each final run of a batch to {@code action}, in item order; a run that answers two items
   * is passed twice, and one that was dropped is omitted. It reads the runs in parts, so that
   * memory does not hold all outputs at once, and holds no connection while {@code action} runs.
   */
  public void eachFinal(int environmentId, Batch batch, Consumer<Run> action) {
    List<UUID> runIds = batch.runIds();
    int at = 0;
    while (at < runIds.size()) {
      List<UUID> next = runIds.subList(at, Math.min(at + RUNS_AT_ONCE, runIds.size()));
      List<FinalRunQueries.Final> part =
          database.transaction(environmentId, tx -> runs.finalRuns(tx, next));
      part.forEach(result -> action.accept(result.run()));
      at += part.isEmpty() ? next.size() : part.getLast().position();
    }
  }
}

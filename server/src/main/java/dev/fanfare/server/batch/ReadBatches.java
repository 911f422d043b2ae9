package dev.fanfare.server.batch;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.run.FinalRunQueries;
import dev.fanfare.server.run.Run;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads the batches of an environment. Thread-safe. */
public final class ReadBatches {
  private final Database database;
  private final BatchStore batches = new BatchStore();
  private final FinalRunQueries runs = new FinalRunQueries();

  ReadBatches(Database database) {
    this.database = database;
  }

  /** The batch with this id, or {@code null} when the environment has no such batch. */
  public @Nullable Batch find(int environmentId, UUID batchId) {
    return database.transaction(environmentId, tx -> batches.find(tx, batchId));
  }

  /** The size of the texts that {@link #eachFinal} holds at once, in bytes. */
  public long bytesOfFinal(int environmentId, Batch batch) {
    return database.transaction(environmentId, tx -> runs.finalBytes(tx, batch.runIds()));
  }

  /**
   * Passes each final run of a batch to {@code action}, in item order; a run that answers two items
   * is passed twice, and one that was dropped is omitted. It reads the runs in parts, so that
   * memory does not hold all outputs at once, and holds no connection while {@code action} runs.
   */
  public void eachFinal(int environmentId, Batch batch, Consumer<Run> action) {
    List<UUID> remaining = batch.runIds();
    List<FinalRunQueries.Final> part;
    do {
      List<UUID> runIds = remaining;
      part = database.transaction(environmentId, tx -> runs.finalRuns(tx, runIds));
      part.forEach(result -> action.accept(result.run()));
      remaining =
          part.isEmpty() ? List.of() : runIds.subList(part.getLast().position(), runIds.size());
    } while (!remaining.isEmpty());
  }
}

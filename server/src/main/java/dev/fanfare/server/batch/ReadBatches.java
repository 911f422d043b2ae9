package dev.fanfare.server.batch;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.RunQueries;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads batches of one environment. */
public final class ReadBatches {
  private final Database database;
  private final BatchStore batches = new BatchStore();
  private final RunQueries runs = new RunQueries();

  ReadBatches(Database database) {
    this.database = database;
  }

  /** One batch, or {@code null} when the environment has none with this id. */
  public @Nullable Batch find(int environmentId, UUID batchId) {
    return database.transaction(environmentId, tx -> batches.find(tx, batchId));
  }

  /**
   * Goes through the final runs of a batch in item order, a run that answers two items twice. Reads
   * a part at a time, so that a thousand long outputs are never held together, and holds no
   * connection while a run is taken.
   */
  public void eachFinal(int environmentId, Batch batch, Consumer<Run> take) {
    List<UUID> left = batch.runIds();
    List<RunQueries.Final> part;
    do {
      List<UUID> asked = left;
      part = database.transaction(environmentId, tx -> runs.finalRuns(tx, asked));
      part.forEach(last -> take.accept(last.run()));
      left = part.isEmpty() ? List.of() : left.subList(part.getLast().position(), left.size());
    } while (!left.isEmpty());
  }
}

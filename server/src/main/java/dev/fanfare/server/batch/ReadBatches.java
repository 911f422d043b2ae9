package dev.fanfare.server.batch;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.RunReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads batches of one environment. */
public final class ReadBatches {
  private final Database database;
  private final BatchStore batches = new BatchStore();
  private final RunReader runs = new RunReader();

  public ReadBatches(Database database) {
    this.database = database;
  }

  /** One batch, or {@code null} when the environment has none with this id. */
  public @Nullable Batch find(int environmentId, UUID batchId) {
    return database.transaction(tx -> batches.find(tx, environmentId, batchId));
  }

  /**
   * The final runs of a batch in item order, a run that answers two items twice; {@code null} when
   * there is no such batch.
   */
  public @Nullable List<Run> finished(int environmentId, UUID batchId) {
    return database.snapshot(tx -> {
      Batch batch = batches.find(tx, environmentId, batchId);
      if (batch == null) {
        return null;
      }
      Map<UUID, Run> byId = new HashMap<>();
      runs.get(tx, environmentId, batch.runIds()).forEach(run -> byId.put(run.id(), run));
      return batch.runIds().stream()
          .map(byId::get)
          .filter(run -> run != null && run.status().isFinal())
          .toList();
    });
  }
}

package dev.fanfare.server.batch;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.Outcome;
import dev.fanfare.server.run.OutcomeListener;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Counts a batch's runs as they end, and completes the batch with its last one. */
public final class CountBatches implements OutcomeListener {
  private final BatchStore batches = new BatchStore();

  @Override
  public void runsEnded(Tx tx, List<Outcome> endings) {
    Map<UUID, Integer> endedByBatch = new HashMap<>();
    for (Outcome ending : endings) {
      if (ending.batchId() != null) {
        endedByBatch.merge(ending.batchId(), 1, Integer::sum);
      }
    }
    if (!endedByBatch.isEmpty()) {
      batches.countEnded(tx, endedByBatch);
    }
  }
}

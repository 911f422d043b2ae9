package dev.fanfare.server.batch;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.Outcome;
import dev.fanfare.server.run.OutcomeListener;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Counts the ended runs of batches; the last run of a batch completes it. */
public final class CountEndedRuns implements OutcomeListener {
  private final BatchStore batches = new BatchStore();

  @Override
  public void runsEnded(Tx tx, List<Outcome> outcomes) {
    Map<UUID, Integer> endedByBatch = new HashMap<>();
    for (Outcome outcome : outcomes) {
      if (outcome.batchId() != null) {
        endedByBatch.merge(outcome.batchId(), 1, Integer::sum);
      }
    }
    if (!endedByBatch.isEmpty()) {
      batches.countEnded(tx, endedByBatch);
    }
  }
}

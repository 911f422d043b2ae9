package dev.fanfare.server.run;

import static dev.fanfare.server.config.ServerSettings.SWEEP_INTERVAL;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.ExpiryStore;
import dev.fanfare.server.queue.ExpiryStore.Expired;
import dev.fanfare.server.run.RunQueries.ExpiredRun;
import dev.fanfare.server.text.Durations;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Expires runs that were queued for longer than their time to live and were not claimed. */
final class ExpireSweep implements Sweep {
  private static final int RUNS_MAX = 1_000;

  private final Database database;
  private final FinishRuns runs;
  private final Duration interval;
  private final ExpiryStore expiries = new ExpiryStore();
  private final RunQueries queries = new RunQueries();

  ExpireSweep(Resources resources, FinishRuns runs) {
    this.database = resources.database();
    this.runs = runs;
    this.interval = resources.config().get(SWEEP_INTERVAL);
  }

  @Override
  public Duration interval() {
    return interval;
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(ExpiryStore.DUE);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return database.transaction(
        environmentId,
        tx -> {
          List<Expired> due = expiries.due(tx, now, RUNS_MAX);
          if (due.isEmpty()) {
            return 0;
          }
          List<UUID> taken = expiries.take(tx, due);
          int passed = expiries.deletePassed(tx, due);
          expire(tx, taken);
          return passed;
        });
  }

  private void expire(Tx tx, List<UUID> runIds) {
    List<Outcome> outcomes = new ArrayList<>(runIds.size());
    for (ExpiredRun run : queries.expiredRuns(tx, runIds)) {
      String ttl = Durations.text(run.ttlMillis() / 1_000);
      RunError error = RunError.text("Run expired because the TTL (" + ttl + ") was reached");
      outcomes.add(Outcome.withoutAttempt(run.runId(), run.batchId(), RunStatus.EXPIRED, error));
    }
    if (!outcomes.isEmpty()) {
      runs.finish(tx, outcomes);
    }
  }
}

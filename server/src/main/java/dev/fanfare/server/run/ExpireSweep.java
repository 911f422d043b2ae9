package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.ExpiryStore;
import dev.fanfare.server.queue.ExpiryStore.Expired;
import dev.fanfare.server.run.RunReader.Lived;
import dev.fanfare.server.run.wire.Durations;
import dev.fanfare.server.upkeep.Sweep;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Ends runs that were queued longer than their time to live; what was claimed is left alone. */
public final class ExpireSweep implements Sweep {
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final FinishRuns finish;
  private final Duration interval;
  private final ExpiryStore expiries = new ExpiryStore();
  private final RunReader runs = new RunReader();

  public ExpireSweep(Database database, FinishRuns finish, Duration interval) {
    this.database = database;
    this.finish = finish;
    this.interval = interval;
  }

  @Override
  public Duration interval() {
    return interval;
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return database.transaction(tx -> {
      List<Expired> due = expiries.due(tx, environmentId, now, AT_ONCE);
      if (!due.isEmpty()) {
        end(tx, environmentId, expiries.take(tx, environmentId, due));
      }
      return due.size();
    });
  }

  private void end(Tx tx, int environmentId, List<UUID> runIds) {
    List<Ending> endings = new ArrayList<>(runIds.size());
    for (Lived run : runs.lived(tx, environmentId, runIds)) {
      String ttl = Durations.text(run.ttlMillis() / 1_000);
      RunError error = RunError.text("Run expired because the TTL (" + ttl + ") was reached");
      endings.add(Ending.withoutAttempt(run.runId(), run.batchId(), RunStatus.EXPIRED, error));
    }
    if (!endings.isEmpty()) {
      finish.finish(tx, environmentId, endings);
    }
  }
}

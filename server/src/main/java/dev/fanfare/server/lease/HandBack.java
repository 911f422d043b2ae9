package dev.fanfare.server.lease;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.run.FinishRuns;
import java.util.UUID;

/** Returns to the queues all that a session holds when it says goodbye. */
public final class HandBack {
  private final Database database;
  private final Signals signals;
  private final FinishRuns finish;
  private final LeaseStore leases = new LeaseStore();

  public HandBack(Database database, Signals signals, FinishRuns finish) {
    this.database = database;
    this.signals = signals;
    this.finish = finish;
  }

  /** Queues the session's runs again, at their old places; their losses do not count. */
  public void all(int environmentId, UUID sessionId) {
    database.transaction(tx -> {
      Settlement settlement = new Settlement();
      leases
          .releaseAll(tx, environmentId, sessionId)
          .forEach(lease -> settlement.queue(lease, lease.losses()));
      settlement.write(tx, environmentId, finish);
      return null;
    });
    signals.ready(environmentId);
  }
}

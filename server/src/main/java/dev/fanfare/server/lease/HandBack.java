package dev.fanfare.server.lease;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.queue.ReadyStore;
import dev.fanfare.server.queue.SlotStore;
import java.util.List;
import java.util.UUID;

/** Returns to the queues all that a session holds when it says goodbye. */
public final class HandBack {
  private final Database database;
  private final Signals signals;
  private final LeaseStore leases = new LeaseStore();
  private final ReadyStore ready = new ReadyStore();
  private final SlotStore slots = new SlotStore();

  public HandBack(Database database, Signals signals) {
    this.database = database;
    this.signals = signals;
  }

  /** Queues the session's runs again, at their old places; their losses do not count. */
  public void all(int environmentId, UUID sessionId) {
    database.transaction(tx -> {
      List<Lease> released = leases.releaseAll(tx, environmentId, sessionId);
      if (!released.isEmpty()) {
        ready.insertAll(
            tx, environmentId, released.stream().map(l -> l.toEntry(l.losses())).toList());
        slots.free(tx, environmentId, Lease.slots(released));
      }
      return null;
    });
    signals.ready(environmentId);
  }
}

package dev.fanfare.server.lease;

import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.queue.SlotStore;
import java.time.Duration;
import java.time.Instant;

/**
 * Counts the slots of limited queues again. The counters are kept by every claim and ending; this
 * heals those that missed a run, such as one claimed in the moment its queue got a limit. Those
 * that nobody uses are forgotten.
 */
final class SlotSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  private final Database database;
  private final SlotStore slots = new SlotStore();
  private final LeaseStore leases = new LeaseStore();

  SlotSweep(Database database) {
    this.database = database;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    database.transaction(
        environmentId,
        tx -> {
          slots.lockAll(tx);
          leases.recountSlots(tx);
          slots.deleteIdle(tx);
          return null;
        });
    return 0; // one step is all there is to do
  }
}

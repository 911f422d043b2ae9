package dev.fanfare.server.lease;

import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.queue.SlotStore;
import java.time.Duration;
import java.time.Instant;

/**
 * Recounts the slots of limited queues, and deletes counters at 0. Claims and outcomes update the
 * counters; the sweep corrects one that missed a run, for example a run that was claimed at the
 * moment its queue got a limit.
 */
final class SlotSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  private final Database database;
  private final SlotStore slotStore = new SlotStore();
  private final LeaseStore leaseStore = new LeaseStore();

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
          slotStore.lockAll(tx);
          leaseStore.recountSlots(tx);
          slotStore.deleteIdle(tx);
          return null;
        });
    return 0; // one step covers the whole environment
  }
}

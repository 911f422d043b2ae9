package dev.fanfare.server.run;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.queue.ParkedStore;
import dev.fanfare.server.upkeep.Sweep;
import java.time.Duration;
import java.time.Instant;

/**
 * Queues runs that are parked although a worker has declared their task. The worker's registration
 * does so itself, after its commit; this is for the server that died in between.
 */
public final class ParkedSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final Signals signals;
  private final ParkedStore parked = new ParkedStore();

  public ParkedSweep(Database database, Signals signals) {
    this.database = database;
    this.signals = signals;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    int released = 0;
    for (int taskId : database.transaction(tx -> parked.releasable(tx, environmentId))) {
      released += database.transaction(tx -> parked.release(tx, environmentId, taskId, AT_ONCE));
    }
    if (released > 0) {
      signals.ready(environmentId);
    }
    return released;
  }
}

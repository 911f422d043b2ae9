package dev.fanfare.server.run;

import dev.fanfare.server.access.Environment;
import dev.fanfare.server.access.Keys;
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
  private final Keys keys;
  private final Signals signals;
  private final ParkedStore parked = new ParkedStore();

  public ParkedSweep(Database database, Keys keys, Signals signals) {
    this.database = database;
    this.keys = keys;
    this.signals = signals;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public int runOnce(Instant now) {
    int released = 0;
    for (Environment environment : keys.environments()) {
      int id = environment.id();
      int count = 0;
      for (int taskId : database.transaction(tx -> parked.releasable(tx, id))) {
        count += database.transaction(tx -> parked.release(tx, id, taskId, AT_ONCE));
      }
      if (count > 0) {
        signals.ready(id);
      }
      released += count;
    }
    return released;
  }
}

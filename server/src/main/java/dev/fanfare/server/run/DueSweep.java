package dev.fanfare.server.run;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.queue.DelayStore;
import dev.fanfare.server.upkeep.Sweep;
import java.time.Duration;
import java.time.Instant;

/** Queues delayed runs whose time has come, and runs whose wait before another attempt is over. */
public final class DueSweep implements Sweep {
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final Signals signals;
  private final Duration interval;
  private final DelayStore delays = new DelayStore();

  public DueSweep(Database database, Signals signals, Duration interval) {
    this.database = database;
    this.signals = signals;
    this.interval = interval;
  }

  @Override
  public Duration interval() {
    return interval;
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    int released = database.transaction(tx -> delays.release(tx, environmentId, now, AT_ONCE));
    if (released > 0) {
      signals.ready(environmentId);
    }
    return released;
  }
}

package dev.fanfare.server.queue;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import java.time.Duration;
import java.time.Instant;

/**
 * Releases parked runs whose task a worker has declared. Opening a session releases them after its
 * commit; the sweep covers a server that dies in between.
 */
final class ParkedSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final Signals signals;
  private final ParkedStore parkedStore = new ParkedStore();

  ParkedSweep(Resources resources) {
    this.database = resources.database();
    this.signals = resources.signals();
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(ParkedStore.DUE);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    int released = 0;
    for (int taskId : database.transaction(environmentId, tx -> parkedStore.releasable(tx))) {
      released +=
          database.transaction(environmentId, tx -> parkedStore.release(tx, taskId, AT_ONCE));
    }
    if (released > 0) {
      signals.ready(environmentId);
    }
    return released;
  }
}

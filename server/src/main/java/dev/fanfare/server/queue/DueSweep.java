package dev.fanfare.server.queue;

import static dev.fanfare.server.config.ServerSettings.SWEEP_INTERVAL;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** Queues delayed runs that are due, and runs whose wait before the next attempt is over. */
final class DueSweep implements Sweep {
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final Signals signals;
  private final Duration interval;
  private final DelayStore delayStore = new DelayStore();

  DueSweep(Resources resources) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.interval = resources.config().get(SWEEP_INTERVAL);
  }

  @Override
  public Duration interval() {
    return interval;
  }

  @Override
  public boolean isOnTime() {
    return true;
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(DelayStore.DUE);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    List<Integer> tasks =
        database.transaction(environmentId, tx -> delayStore.makeReady(tx, now, AT_ONCE));
    if (!tasks.isEmpty()) {
      signals.ready(environmentId, Set.copyOf(tasks), tasks.size());
    }
    return tasks.size();
  }
}

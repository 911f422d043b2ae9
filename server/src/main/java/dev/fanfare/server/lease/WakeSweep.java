package dev.fanfare.server.lease;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Wakes polls that wait on this server while there are ready runs, because a signal can be lost. So
 * a poll that waits need not query by itself.
 *
 * <p>It wakes one of them, which tells the others of what it cannot take, as after a signal that
 * says nothing of the runs. That is enough unless there are very many tasks; so all polls look from
 * time to time.
 */
final class WakeSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /** How often all polls look. */
  private static final Duration ALL = Duration.ofSeconds(10);

  private final Signals signals;
  private final Map<Integer, Instant> allWoken = new ConcurrentHashMap<>();

  WakeSweep(Resources resources) {
    this.signals = resources.signals();
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(LeaseQueries.READY);
  }

  @Override
  public void asked() {
    signals.checked();
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    Instant last = allWoken.putIfAbsent(environmentId, now);
    if (last != null && !now.isBefore(last.plus(ALL))) {
      allWoken.put(environmentId, now);
      signals.wake(environmentId);
    } else {
      signals.wakeOne(environmentId);
    }
    return 0;
  }
}

package dev.fanfare.server.lease;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Signals;
import java.time.Duration;
import java.time.Instant;

/**
 * Wakes the polls that wait on this server while there are canceled leases of which their workers
 * were not told, or some seconds ago: the signal can be lost, and so can the response.
 */
final class NoticeSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Signals signals;

  NoticeSweep(Resources resources) {
    this.signals = resources.signals();
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(LeaseQueries.CANCELED);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    signals.wake(environmentId);
    return 0;
  }
}

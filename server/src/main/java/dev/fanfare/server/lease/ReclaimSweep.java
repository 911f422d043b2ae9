package dev.fanfare.server.lease;

import static dev.fanfare.server.config.ServerSettings.CANCEL_LIMIT;
import static dev.fanfare.server.config.ServerSettings.RETRY_IN_PLACE_MAX;
import static dev.fanfare.server.config.ServerSettings.START_LIMIT;
import static dev.fanfare.server.config.ServerSettings.SWEEP_INTERVAL;

import dev.fanfare.server.component.Contact;
import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.LeaseStore.Overdue;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Reclaims runs from workers that are alive but did not start a run in time, or did not confirm a
 * cancel in time; ends runs whose worker is silent about an attempt that exceeded its max duration.
 * {@link LapseSweep} reclaims the runs of workers that are not alive.
 */
final class ReclaimSweep implements Sweep {
  /** How much rarer it is than other sweeps, because a step reads all leases. */
  private static final int INTERVALS = 5;

  /** How long a worker may take to end an attempt that exceeded its max duration. */
  private static final Duration EXCEEDED_GRACE = Duration.ofSeconds(30);

  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final Reclaim reclaim;
  private final ServerConfig config;
  private final LeaseStore leaseStore = new LeaseStore();

  ReclaimSweep(Resources resources, Reclaim reclaim) {
    this.database = resources.database();
    this.reclaim = reclaim;
    this.config = resources.config();
  }

  @Override
  public Duration interval() {
    return config.get(SWEEP_INTERVAL).multipliedBy(INTERVALS);
  }

  @Override
  public Contact contact() {
    return reclaim.contact(interval());
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(LeaseQueries.HELD);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    int reclaimed = database.transaction(environmentId, tx -> reclaim(tx, now));
    if (reclaimed > 0) {
      reclaim.signal(environmentId);
    }
    return reclaimed;
  }

  private int reclaim(Tx tx, Instant now) {
    // While a retry waits in place, its lease shows the start of the attempt before.
    Duration grace = EXCEEDED_GRACE.plus(config.get(RETRY_IN_PLACE_MAX));
    List<Overdue> overdue =
        leaseStore.endOverdue(
            tx,
            now,
            now.minus(config.get(START_LIMIT)),
            now.minus(config.get(CANCEL_LIMIT)),
            grace,
            AT_ONCE);
    reclaim.settle(tx, leases(overdue, false), leases(overdue, true), now);
    return overdue.size();
  }

  private static List<Lease> leases(List<Overdue> overdue, boolean exceeded) {
    return overdue.stream().filter(o -> o.exceeded() == exceeded).map(Overdue::lease).toList();
  }
}

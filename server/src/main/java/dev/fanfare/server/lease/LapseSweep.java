package dev.fanfare.server.lease;

import static dev.fanfare.server.config.ServerSettings.SWEEP_INTERVAL;

import dev.fanfare.server.component.Contact;
import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Lets sessions lapse that their workers did not renew in time, reclaims their runs, and deletes
 * the sessions. A session that was not renewed lives until this sweep decides otherwise under the
 * lock of its row: a renewal and a lapse meet there, and one of them wins.
 */
final class LapseSweep implements Sweep {
  private static final int SESSIONS_AT_ONCE = 100;
  private static final int LEASES_AT_ONCE = 1_000;

  private final Database database;
  private final Reclaim reclaim;
  private final ServerConfig config;
  private final SessionStore sessionStore = new SessionStore();
  private final LeaseStore leaseStore = new LeaseStore();

  LapseSweep(Resources resources, Reclaim reclaim) {
    this.database = resources.database();
    this.reclaim = reclaim;
    this.config = resources.config();
  }

  @Override
  public Duration interval() {
    return config.get(SWEEP_INTERVAL);
  }

  @Override
  public Contact contact() {
    return reclaim.contact(interval());
  }

  /** Returns how many leases and sessions ended. */
  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(LeaseQueries.LAPSING);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    int ended = database.transaction(environmentId, tx -> lapse(tx, now));
    if (ended > 0) {
      reclaim.signal(environmentId);
    }
    return ended;
  }

  private int lapse(Tx tx, Instant now) {
    List<UUID> lapsed = sessionStore.lapse(tx, now, SESSIONS_AT_ONCE);
    if (lapsed.isEmpty()) {
      return 0;
    }
    List<Lease> lost = leaseStore.endSome(tx, lapsed, LEASES_AT_ONCE);
    reclaim.settle(tx, lost, List.of(), now);
    // One whose lease is locked by a report stays until a later step.
    int deleted = lost.size() < LEASES_AT_ONCE ? sessionStore.deleteIdle(tx, lapsed) : 0;
    return lost.size() + deleted;
  }
}

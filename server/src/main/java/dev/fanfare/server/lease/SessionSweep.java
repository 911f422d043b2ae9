package dev.fanfare.server.lease;

import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import java.time.Duration;
import java.time.Instant;

/** Prunes sessions an hour after they lapsed. Their leases were reclaimed when they lapsed. */
final class SessionSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final Duration KEPT = Duration.ofHours(1);
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final SessionStore sessions = new SessionStore();

  SessionSweep(Database database) {
    this.database = database;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return database.transaction(environmentId, tx -> sessions.prune(tx, now.minus(KEPT), AT_ONCE));
  }
}

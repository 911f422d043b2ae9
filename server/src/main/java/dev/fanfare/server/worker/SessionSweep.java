package dev.fanfare.server.worker;

import dev.fanfare.server.access.Environment;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.upkeep.Sweep;
import java.time.Duration;
import java.time.Instant;

/** Forgets sessions that lapsed a while ago; what they held was reclaimed when they lapsed. */
public final class SessionSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final Duration KEPT = Duration.ofHours(1);
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final Keys keys;
  private final SessionStore sessions = new SessionStore();

  public SessionSweep(Database database, Keys keys) {
    this.database = database;
    this.keys = keys;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public int runOnce(Instant now) {
    int forgotten = 0;
    for (Environment environment : keys.environments()) {
      forgotten +=
          database.transaction(
              tx -> sessions.prune(tx, environment.id(), now.minus(KEPT), AT_ONCE));
    }
    return forgotten;
  }
}

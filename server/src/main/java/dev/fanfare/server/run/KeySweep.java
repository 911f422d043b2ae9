package dev.fanfare.server.run;

import dev.fanfare.server.access.Environment;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.upkeep.Sweep;
import java.time.Duration;
import java.time.Instant;

/** Forgets idempotency keys and request keys whose time is over. */
public final class KeySweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int AT_ONCE = 5_000;

  private final Database database;
  private final Keys keys;
  private final KeyStore idempotencyKeys = new KeyStore();
  private final RequestKeyStore requestKeys = new RequestKeyStore();

  public KeySweep(Database database, Keys keys) {
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
      int id = environment.id();
      forgotten += database.transaction(tx -> idempotencyKeys.prune(tx, id, now, AT_ONCE));
      forgotten += database.transaction(tx -> requestKeys.prune(tx, id, now, AT_ONCE));
    }
    return forgotten;
  }
}

package dev.fanfare.server.run;

import dev.fanfare.server.access.UsedTokenStore;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.upkeep.Sweep;
import java.time.Duration;
import java.time.Instant;

/** Forgets idempotency keys, request keys and used tokens whose time is over. */
public final class KeySweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int AT_ONCE = 5_000;

  private final Database database;
  private final KeyStore idempotencyKeys = new KeyStore();
  private final RequestKeyStore requestKeys = new RequestKeyStore();
  private final UsedTokenStore usedTokens = new UsedTokenStore();

  public KeySweep(Database database) {
    this.database = database;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return database.transaction(tx -> idempotencyKeys.prune(tx, environmentId, now, AT_ONCE))
        + database.transaction(tx -> requestKeys.prune(tx, environmentId, now, AT_ONCE))
        + database.transaction(tx -> usedTokens.prune(tx, environmentId, now, AT_ONCE));
  }
}

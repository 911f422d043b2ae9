package dev.fanfare.server.batch;

import dev.fanfare.server.access.Environment;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.upkeep.Sweep;
import java.time.Duration;
import java.time.Instant;

/** Forgets batch idempotency keys whose time is over. */
public final class BatchKeySweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int AT_ONCE = 5_000;

  private final Database database;
  private final Keys keys;
  private final BatchStore batches = new BatchStore();

  public BatchKeySweep(Database database, Keys keys) {
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
          database.transaction(tx -> batches.pruneKeys(tx, environment.id(), now, AT_ONCE));
    }
    return forgotten;
  }
}

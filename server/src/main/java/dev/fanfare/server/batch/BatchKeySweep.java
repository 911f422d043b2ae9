package dev.fanfare.server.batch;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.upkeep.Sweep;
import java.time.Duration;
import java.time.Instant;

/** Forgets batch idempotency keys whose time is over. */
public final class BatchKeySweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int AT_ONCE = 5_000;

  private final Database database;
  private final BatchStore batches = new BatchStore();

  public BatchKeySweep(Database database) {
    this.database = database;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return database.transaction(tx -> batches.pruneKeys(tx, environmentId, now, AT_ONCE));
  }
}

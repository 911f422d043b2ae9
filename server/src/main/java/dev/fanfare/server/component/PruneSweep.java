package dev.fanfare.server.component;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.time.Instant;

/** A sweep that deletes the expired rows of one table. */
public abstract class PruneSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int ROWS_MAX = 5_000;

  private final Database database;

  protected PruneSweep(Database database) {
    this.database = database;
  }

  @Override
  public final Duration interval() {
    return INTERVAL;
  }

  @Override
  public final int runOnce(int environmentId, Instant now) {
    return database.transaction(environmentId, tx -> prune(tx, now, ROWS_MAX));
  }

  /** Deletes up to {@code max} rows that have expired at {@code now}; returns how many. */
  protected abstract int prune(Tx tx, Instant now, int max);
}

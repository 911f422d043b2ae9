package dev.fanfare.server.batch;

import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import java.time.Duration;
import java.time.Instant;

/** Gives streamed batches up whose items did not all come in time. */
final class UnsealedSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final int AT_ONCE = 100;

  private final Database database;
  private final Duration limit;
  private final StreamedBatchStore batches = new StreamedBatchStore();

  /**
   * @param limit how long after its announcement a batch may be unsealed
   */
  UnsealedSweep(Database database, Duration limit) {
    this.database = database;
    this.limit = limit;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return database.transaction(
        environmentId, tx -> batches.abort(tx, now.minus(limit), now, AT_ONCE));
  }
}

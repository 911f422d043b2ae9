package dev.fanfare.server.batch;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import java.time.Duration;
import java.time.Instant;

/** Aborts streamed batches that are not sealed in time. */
final class UnsealedSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final int BATCHES_MAX = 100;

  /** Deleting as many items takes some seconds. */
  private static final int ITEMS_MAX = 200_000;

  private final Database database;
  private final Duration limit;
  private final StreamedBatchStore batches = new StreamedBatchStore();

  /**
   * @param limit how long after its announcement a batch must be sealed
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
  public DueQuery dueQuery() {
    return new DueQuery(StreamedBatchStore.DUE, limit);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return database.transaction(
        environmentId, tx -> batches.abort(tx, now.minus(limit), now, BATCHES_MAX, ITEMS_MAX));
  }
}

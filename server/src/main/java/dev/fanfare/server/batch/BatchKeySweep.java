package dev.fanfare.server.batch;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.PruneSweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.time.Instant;

/** Deletes expired idempotency keys of batches. */
final class BatchKeySweep extends PruneSweep {
  private final BatchStore batches = new BatchStore();

  BatchKeySweep(Database database) {
    super(database);
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(BatchStore.DUE);
  }

  @Override
  protected int prune(Tx tx, Instant now, int max) {
    return batches.pruneKeys(tx, now, max);
  }
}

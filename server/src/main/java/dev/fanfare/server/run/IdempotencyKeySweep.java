package dev.fanfare.server.run;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.PruneSweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.time.Instant;

/** Deletes expired idempotency keys. */
final class IdempotencyKeySweep extends PruneSweep {
  private final IdempotencyKeyStore keys = new IdempotencyKeyStore();

  IdempotencyKeySweep(Database database) {
    super(database);
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(IdempotencyKeyStore.DUE);
  }

  @Override
  protected int prune(Tx tx, Instant now, int max) {
    return keys.prune(tx, now, max);
  }
}

package dev.fanfare.server.trigger;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.PruneSweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.time.Instant;

/** Deletes expired request keys. */
final class RequestKeySweep extends PruneSweep {
  private final RequestKeyStore keys = new RequestKeyStore();

  RequestKeySweep(Database database) {
    super(database);
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(RequestKeyStore.DUE);
  }

  @Override
  protected int prune(Tx tx, Instant now, int max) {
    return keys.prune(tx, now, max);
  }
}

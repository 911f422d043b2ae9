package dev.fanfare.server.access;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.PruneSweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.time.Instant;

/** Deletes the records of used one-time tokens that have expired. */
final class UsedTokenSweep extends PruneSweep {
  private final UsedTokenStore tokens = new UsedTokenStore();

  UsedTokenSweep(Database database) {
    super(database);
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(UsedTokenStore.DUE);
  }

  @Override
  protected int prune(Tx tx, Instant now, int max) {
    return tokens.prune(tx, now, max);
  }
}

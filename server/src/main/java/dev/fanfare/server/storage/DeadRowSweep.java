package dev.fanfare.server.storage;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.storage.DeadRowStore.Worn;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces the partition of a hot table when it is full of dead rows that vacuum cannot remove,
 * because a transaction that has been open for seconds may still see them: a report, a forgotten
 * session, a replica. Claims would pass all of them, so each would take longer than the one before.
 *
 * <p>It locks the table for as long as its few live rows are copied, usually some milliseconds.
 * While somebody else has locked it, as {@code pg_dump} does until it ends, nothing is replaced.
 */
final class DeadRowSweep implements Sweep {
  private static final Logger log = LoggerFactory.getLogger(DeadRowSweep.class);

  private static final Duration INTERVAL = Duration.ofSeconds(2);

  /** A claim passes so many dead rows in about a millisecond. */
  private static final long DEAD_MIN = 10_000;

  /** Bounds what is copied by what is got rid of. */
  private static final long DEAD_PER_LIVE = 4;

  private final Database database;
  private final PartitionLock lock;
  private final long deadMin;
  private final long deadPerLive;
  private final DeadRowStore store = new DeadRowStore();

  /** What was there when the last step found a table full of dead rows. */
  private volatile Set<String> holdersBefore = Set.of();

  DeadRowSweep(Resources resources) {
    this(resources.database(), DEAD_MIN, DEAD_PER_LIVE);
  }

  DeadRowSweep(Database database, long deadMin, long deadPerLive) {
    this.database = database;
    this.lock = new PartitionLock(database);
    this.deadMin = deadMin;
    this.deadPerLive = deadPerLive;
  }

  @Override
  public boolean isOfDatabase() {
    return true;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(DeadRowStore.due(deadMin, deadPerLive));
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    List<Worn> worn = database.transaction(tx -> store.worn(tx, deadMin, deadPerLive));
    if (worn.isEmpty()) {
      return 0;
    }
    Set<String> holders = database.transaction(store::holders);
    boolean isHeld = !Collections.disjoint(holders, holdersBefore);
    holdersBefore = holders;
    if (isHeld) {
      worn.forEach(this::replace);
    }
    return 0;
  }

  private void replace(Worn worn) {
    try {
      boolean done =
          lock.attempt(tx -> {
            store.create(tx, worn);
            store.limit(tx, PartitionLock.LIMIT);
            store.replace(tx, worn);
          });
      if (done) {
        log.debug(
            "Left about {} dead rows behind: {} is {} now", worn.dead(), worn.name(), worn.next());
      }
    } catch (DatabaseException e) {
      if (!e.isTimedOut()) {
        throw e;
      }
      log.debug("{} is replaced later: it took too long", worn.name());
    }
  }
}

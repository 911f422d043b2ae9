package dev.fanfare.server.storage;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Tx;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs changes of partitions, on one server at a time. Such a change waits for locks of tables, and
 * statements of users wait behind it; so it gives up quickly, and the caller tries again later.
 */
final class PartitionLock {
  /** How long statements of users may wait behind ours. */
  static final String LIMIT = "50ms";

  private static final Logger log = LoggerFactory.getLogger(PartitionLock.class);

  private final Database database;
  private final PartitionStore partitions = new PartitionStore();

  PartitionLock(Database database) {
    this.database = database;
  }

  /**
   * Makes a change in one transaction; returns whether it was made. It is not made while another
   * server makes one, or if a lock is not free in time.
   */
  boolean attempt(Consumer<Tx> change) {
    try {
      return database.transaction(tx -> {
        boolean locked = partitions.tryLock(tx, LIMIT);
        if (locked) {
          change.accept(tx);
        }
        return locked;
      });
    } catch (DatabaseException e) {
      if (!e.isLockTimeout()) {
        throw e;
      }
      log.debug("Partitions are changed later: a lock was not free within {}", LIMIT);
      return false;
    }
  }
}

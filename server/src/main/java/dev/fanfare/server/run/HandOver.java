package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.Lane;
import dev.fanfare.server.task.Task;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Hands new runs over to a poll that waits for work: the transaction that creates the runs also
 * leases them, so that they need not be queued and claimed first. Thread-safe.
 */
public interface HandOver {
  /**
   * Reserves a poll that waits on this server and can take runs of all these lanes. The caller must
   * end the reservation; until then the poll waits for it.
   *
   * @return {@link Reservation#NONE} if no such poll waits
   */
  Reservation reserve(int environmentId, Set<Lane> lanes);

  /**
   * A poll, or none, that waits for the runs of a transaction. It ends with {@link #committed},
   * {@link #rolledBack} or {@link #failed}, or the poll waits forever. For use by one thread.
   */
  interface Reservation {
    /** No poll. */
    Reservation NONE =
        new Reservation() {
          @Override
          public void begin() {}

          @Override
          public int accepted(List<RunRow> runs) {
            return 0;
          }

          @Override
          public void insert(
              Tx tx,
              Instant now,
              @Nullable UUID batchId,
              List<RunRow> runs,
              Collection<Task> assumed) {
            throw new IllegalStateException("No poll takes runs");
          }

          @Override
          public int committed() {
            return 0;
          }

          @Override
          public void rolledBack() {}

          @Override
          public void failed(Throwable failure) {}
        };

    /** Begins the transaction, which is called again when the transaction is repeated. */
    void begin();

    /** How many of these runs, from the first one on, the poll takes. */
    int accepted(List<RunRow> runs);

    /**
     * Leases runs to the poll, later, in one statement. It queues them instead if the session of
     * the poll is over, and those whose queues have a concurrency limit. It fails with an {@link
     * dev.fanfare.server.queue.OutdatedLaneException} as the insertion of ready runs does.
     *
     * @param assumed tasks that must exist with their queue and time to live
     */
    void insert(
        Tx tx, Instant now, @Nullable UUID batchId, List<RunRow> runs, Collection<Task> assumed);

    /** Gives the poll what was leased; returns how many runs that are. */
    int committed();

    /** Lets the poll go on waiting. */
    void rolledBack();

    /**
     * Ends the wait for a transaction that has failed. After a failure of the database, the poll
     * fails, too: the transaction may be committed, and the next poll finds what it has leased.
     */
    void failed(Throwable failure);
  }
}

package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.DelayStore;
import dev.fanfare.server.queue.Entry;
import dev.fanfare.server.queue.ReadyStore;
import dev.fanfare.server.queue.SlotStore;
import dev.fanfare.server.run.FinishRuns;
import dev.fanfare.server.run.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What becomes of the leases that end in one transaction: gathered first, written once at its end.
 *
 * <p>Written group by group, a report would lock slots, then a batch, then slots again, and two
 * reports could wait for each other in a ring. So every transaction that ends leases locks in this
 * order: leases, idempotency keys, batches, slots. The slots come last because a claim passes over
 * a queue while its counter is locked.
 */
final class Settlement {
  private final List<Outcome> over = new ArrayList<>();
  private final List<Entry> again = new ArrayList<>();
  private final List<DelayStore.Delayed> later = new ArrayList<>();
  private final List<Lease> released = new ArrayList<>();
  private final ReadyStore ready = new ReadyStore();
  private final DelayStore delays = new DelayStore();
  private final SlotStore slots = new SlotStore();

  /** The run ends; when it was canceled, then as that. */
  void end(Lease lease, Outcome ending) {
    released.add(lease);
    over.add(
        lease.canceled()
            ? lease.canceledOutcome(ending.attempt(), ending.durationMillis())
            : ending);
  }

  /** The run goes back to its old place in its lane, unless it was canceled. */
  void queue(Lease lease, int losses) {
    released.add(lease);
    if (lease.canceled()) {
      over.add(lease.canceledOutcome(lease.attempt(), 0));
    } else {
      again.add(lease.toEntry(losses));
    }
  }

  /** The run waits for its next attempt. */
  void delay(Lease lease, Entry entry, Instant dueAt) {
    released.add(lease);
    later.add(new DelayStore.Delayed(entry, dueAt));
  }

  /**
   * Writes all of it; every lease gives back its slot here, and nowhere else.
   *
   * @return whether something can be claimed now that could not before
   */
  boolean write(Tx tx, FinishRuns finish) {
    if (!again.isEmpty()) {
      ready.insertAll(tx, again);
    }
    if (!later.isEmpty()) {
      delays.insertAll(tx, later);
    }
    if (!over.isEmpty()) {
      finish.finish(tx, over);
    }
    boolean freed = !released.isEmpty() && slots.free(tx, Lease.slots(released));
    return freed || !again.isEmpty();
  }
}

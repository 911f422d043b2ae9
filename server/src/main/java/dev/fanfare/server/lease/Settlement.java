package dev.fanfare.server.lease;

import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.CancellationStore.Branch;
import dev.fanfare.server.queue.DelayStore;
import dev.fanfare.server.queue.DelayStore.Delayed;
import dev.fanfare.server.queue.Entry;
import dev.fanfare.server.queue.ReadyStore;
import dev.fanfare.server.queue.SlotStore;
import dev.fanfare.server.run.FinishRuns;
import dev.fanfare.server.run.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The results of all leases that end in one transaction, collected first and written once at its
 * end.
 *
 * <p>Every transaction that ends leases locks in this order: leases, cancellations, idempotency
 * keys, batches, slots. If each result were written by itself, a report would lock slots, then a
 * batch, then slots again, and two reports could deadlock. The slots come last because claims skip
 * a queue while its counter is locked.
 */
final class Settlement {
  private final List<Outcome> outcomes = new ArrayList<>();
  private final List<Entry> queued = new ArrayList<>();
  private final List<Delayed> delayed = new ArrayList<>();
  private final List<Lease> ended = new ArrayList<>();
  private final List<Branch> canceled = new ArrayList<>();
  private final CancellationStore cancellationStore = new CancellationStore();
  private final ReadyStore readyStore = new ReadyStore();
  private final DelayStore delayStore = new DelayStore();
  private final SlotStore slotStore = new SlotStore();

  /** Ends the run with this outcome, or as CANCELED if it was canceled. */
  void end(Lease lease, Outcome outcome) {
    ended(lease);
    outcomes.add(
        lease.canceled()
            ? lease.canceledOutcome(outcome.attempt(), outcome.durationMillis())
            : outcome);
  }

  /** Puts the run back into its lane at its old rank, or ends it if it was canceled. */
  void queue(Lease lease, int losses) {
    ended(lease);
    if (lease.canceled()) {
      outcomes.add(lease.canceledOutcome(lease.attempt(), 0));
    } else {
      queued.add(lease.toEntry(losses));
    }
  }

  /**
   * Lets the run wait for its next attempt. A canceled run never gets here: {@link FailAttempts}
   * ends it.
   */
  void delay(Lease lease, Entry entry, Instant dueAt) {
    ended(lease);
    delayed.add(new Delayed(entry, dueAt));
  }

  private void ended(Lease lease) {
    ended.add(lease);
    if (lease.canceled()) {
      canceled.add(Branch.whole(lease.runId()));
    }
  }

  /**
   * Writes all results and frees the slots of all leases. Slots of leases are freed nowhere else.
   *
   * @return the tasks of runs that may be claimable now and were not before
   */
  Later<Set<Integer>> write(Tx tx, FinishRuns finishRuns) {
    if (!canceled.isEmpty()) {
      // A handler triggers children until it learns of the cancel, which reached only those before.
      cancellationStore.insertAll(tx, canceled);
    }
    Set<Integer> claimable = new HashSet<>();
    if (!queued.isEmpty()) {
      claimable.addAll(readyStore.insertAll(tx, queued));
    }
    if (!delayed.isEmpty()) {
      delayStore.insertAll(tx, delayed);
    }
    if (!outcomes.isEmpty()) {
      finishRuns.finish(tx, outcomes);
    }
    if (ended.isEmpty()) {
      return Later.of(claimable);
    }
    return slotStore
        .free(tx, Lease.slots(ended))
        .map(tasks -> {
          claimable.addAll(tasks);
          return claimable;
        });
  }
}

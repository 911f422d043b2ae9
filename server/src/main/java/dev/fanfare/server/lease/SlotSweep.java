package dev.fanfare.server.lease;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.SlotCountStore.Compared;
import dev.fanfare.server.queue.SlotStore;
import dev.fanfare.server.queue.SlotStore.Counter;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Corrects the slot counters of limited queues, and deletes those at 0. Claims and outcomes update
 * the counters; the sweep corrects one that missed a run, for example a run that was claimed at the
 * moment its queue got a limit.
 *
 * <p>It looks without locks, locks only the counters that are wrong or unused, and waits for
 * nobody. One server does it at a time, because it reads all leases.
 */
final class SlotSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final SlotStore slotStore = new SlotStore();
  private final SlotCountStore slotCountStore = new SlotCountStore();

  SlotSweep(Database database) {
    this.database = database;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(SlotCountStore.DUE);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    database.transaction(
        environmentId,
        tx -> {
          if (slotCountStore.tryLock(tx)) {
            sweep(tx);
          }
          return null;
        });
    return 0; // what a step leaves can wait for the next one
  }

  private void sweep(Tx tx) {
    List<Compared> all = slotCountStore.compare(tx);
    List<Counter> wrong = some(all, compared -> compared.inUse() != compared.leased());
    if (!wrong.isEmpty()) {
      correct(tx, wrong);
    }
    List<Counter> idle = some(all, compared -> compared.inUse() == 0 && compared.leased() == 0);
    if (!idle.isEmpty()) {
      slotStore.deleteIdle(tx, idle);
    }
  }

  private static List<Counter> some(List<Compared> all, Predicate<Compared> which) {
    return all.stream().filter(which).map(Compared::counter).limit(AT_ONCE).toList();
  }

  /** Counts again, because leases changed until the counters were locked. */
  private void correct(Tx tx, List<Counter> wrong) {
    Set<Counter> locked = new HashSet<>(slotStore.lock(tx, wrong));
    if (locked.isEmpty()) {
      return;
    }
    Map<Counter, Integer> inUse = new HashMap<>();
    for (Compared compared : slotCountStore.compare(tx)) {
      if (locked.contains(compared.counter())) {
        inUse.put(compared.counter(), compared.leased());
      }
    }
    slotStore.set(tx, inUse);
  }
}

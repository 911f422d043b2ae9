package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.CancellationStore.Branch;
import dev.fanfare.server.queue.DelayStore;
import dev.fanfare.server.queue.Entry;
import dev.fanfare.server.queue.ParkedStore;
import dev.fanfare.server.queue.ReadyStore;
import dev.fanfare.server.run.FamilyQueries;
import dev.fanfare.server.run.FamilyQueries.Place;
import dev.fanfare.server.run.FinishRuns;
import dev.fanfare.server.run.Outcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * What is canceled in one transaction: runs, wherever they stand, and their descendants, level by
 * level, a bounded number of statements and runs; what is left of a large family is left to {@link
 * CancelSweep}. The endings are written once, at the end: see {@link Settlement} for the reason.
 *
 * <p>Each place is left under a lock. A run that is found nowhere was on its way from one to the
 * next, or its lease is being changed, and is looked for again.
 */
final class Cancellation {
  /** Most runs looked at in a round, and most of their parents. */
  static final int AT_ONCE = 1_000;

  private static final int ROUNDS = 8;

  private final Tx tx;
  private final List<Outcome> endings = new ArrayList<>();
  private final FamilyQueries families = new FamilyQueries();
  private final ReadyStore ready = new ReadyStore();
  private final DelayStore delays = new DelayStore();
  private final ParkedStore parked = new ParkedStore();
  private final LeaseStore leases = new LeaseStore();
  private final CancellationStore rest = new CancellationStore();
  private boolean held;

  Cancellation(Tx tx) {
    this.tx = tx;
  }

  /** Whether workers hold some of what was canceled and are to be told. */
  boolean held() {
    return held;
  }

  /** Cancels runs that are not final; returns those that were on their way between two places. */
  Set<UUID> cancel(List<Place> places) {
    Map<UUID, Place> open = new HashMap<>();
    places.forEach(place -> open.put(place.runId(), place));
    end(
        open,
        ready.delete(
            tx,
            places.stream().mapToInt(Place::laneId).toArray(),
            places.stream().mapToLong(Place::rank).toArray(),
            places.stream().map(Place::runId).toArray(UUID[]::new)));
    if (!open.isEmpty()) {
      List<UUID> told = leases.cancel(tx, open.keySet().toArray(UUID[]::new));
      held |= !told.isEmpty();
      told.forEach(open::remove);
    }
    if (!open.isEmpty()) {
      end(open, delays.delete(tx, open.keySet().toArray(UUID[]::new)));
    }
    if (!open.isEmpty()) {
      List<Place> left = places.stream().filter(place -> open.containsKey(place.runId())).toList();
      end(
          open,
          parked.delete(
              tx,
              left.stream().mapToInt(Place::taskId).toArray(),
              left.stream().mapToLong(Place::rank).toArray(),
              left.stream().map(Place::runId).toArray(UUID[]::new)));
    }
    return open.keySet();
  }

  private void end(Map<UUID, Place> open, List<Entry> taken) {
    for (Entry entry : taken) {
      Place place = open.remove(entry.runId());
      endings.add(
          Outcome.canceled(
              entry.runId(),
              place == null ? null : place.batchId(),
              entry.attempt(),
              entry.firstStartedAt(),
              0,
              0));
    }
  }

  /**
   * Cancels what these runs triggered, and what that triggered in turn: below a final run, too,
   * there may be some that are not.
   */
  void descend(Collection<Branch> branches) {
    Deque<Branch> open = new ArrayDeque<>(branches);
    for (int round = 1; round <= ROUNDS && !open.isEmpty(); round++) {
      List<Branch> some = new ArrayList<>();
      while (!open.isEmpty() && some.size() < AT_ONCE) {
        some.add(open.poll());
      }
      open.addAll(level(some));
    }
    if (!open.isEmpty()) {
      rest.insertAll(tx, open);
    }
  }

  /**
   * Cancels a share of the children of each; returns what is left to do, their own children too.
   */
  private List<Branch> level(List<Branch> branches) {
    int share = Math.max(1, AT_ONCE / branches.size());
    List<Place> children =
        families.childPlaces(
            tx,
            branches.stream().map(Branch::runId).toArray(UUID[]::new),
            branches.stream().map(Branch::afterId).toArray(UUID[]::new),
            share);
    List<Place> open = children.stream().filter(place -> !place.ended()).toList();
    Set<UUID> moving = open.isEmpty() ? Set.of() : cancel(open);
    Map<UUID, List<Place>> byParent = new HashMap<>();
    children.forEach(
        child -> byParent.computeIfAbsent(child.parentId(), id -> new ArrayList<>()).add(child));
    List<Branch> left = new ArrayList<>();
    for (Branch branch : branches) {
      List<Place> own = byParent.getOrDefault(branch.runId(), List.of());
      UUID afterId = branch.afterId();
      boolean all = own.size() < share;
      for (Place child : own) {
        if (moving.contains(child.runId())) {
          all = false; // to be looked for again
          break;
        }
        afterId = child.runId();
        if (child.hasChildren()) {
          left.add(Branch.whole(child.runId()));
        }
      }
      if (!all) {
        left.add(new Branch(branch.runId(), afterId));
      }
    }
    return left;
  }

  /** Writes the endings; nothing else may be locked behind them. */
  void write(FinishRuns finish) {
    if (!endings.isEmpty()) {
      finish.finish(tx, endings);
    }
  }
}

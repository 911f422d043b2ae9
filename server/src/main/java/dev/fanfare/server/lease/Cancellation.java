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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cancels of one transaction: runs in any state that is not final, and their descendants, level
 * by level. The number of runs and statements is bounded; {@link CancelSweep} continues with the
 * rest of a large family. The outcomes are written once, at the end: see {@link Settlement} for the
 * reason.
 *
 * <p>Each table is searched under row locks. A run that is found in none of them was moving from
 * one to the next, or its lease was locked; the caller searches it again.
 */
final class Cancellation {
  /** The maximum number of runs in a round, and of their parents. */
  static final int RUNS_PER_ROUND = 1_000;

  private static final int ROUNDS = 8;

  /** The sweep pauses for a second between two tries that both find nothing. */
  static final int TRIES_MAX = 300;

  private static final Logger log = LoggerFactory.getLogger(Cancellation.class);

  private final Tx tx;
  private final List<Outcome> outcomes = new ArrayList<>();
  private final FamilyQueries familyQueries = new FamilyQueries();
  private final ReadyStore readyStore = new ReadyStore();
  private final DelayStore delayStore = new DelayStore();
  private final ParkedStore parkedStore = new ParkedStore();
  private final LeaseStore leaseStore = new LeaseStore();
  private final CancellationStore cancellationStore = new CancellationStore();
  private boolean workersToNotify;
  private int stuck;

  Cancellation(Tx tx) {
    this.tx = tx;
  }

  /** Whether sessions hold some of the canceled runs, so that their workers must be notified. */
  boolean hasWorkersToNotify() {
    return workersToNotify;
  }

  /** How many branches wait for a run that was in no table. */
  int stuck() {
    return stuck;
  }

  /** Cancels runs that are not final; returns those that it did not find because they moved. */
  Set<UUID> cancel(List<Place> places) {
    Map<UUID, Place> open = new HashMap<>();
    places.forEach(place -> open.put(place.runId(), place));
    end(
        open,
        readyStore.delete(
            tx,
            places.stream().mapToLong(Place::laneId).toArray(),
            places.stream().mapToLong(Place::rank).toArray(),
            places.stream().map(Place::runId).toArray(UUID[]::new)));
    if (!open.isEmpty()) {
      List<UUID> leased = leaseStore.cancel(tx, open.keySet());
      workersToNotify |= !leased.isEmpty();
      leased.forEach(open::remove);
    }
    if (!open.isEmpty()) {
      end(open, delayStore.delete(tx, open.keySet()));
    }
    if (!open.isEmpty()) {
      List<Place> left = places.stream().filter(place -> open.containsKey(place.runId())).toList();
      end(
          open,
          parkedStore.delete(
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
      outcomes.add(
          Outcome.canceled(
              entry.runId(),
              place == null ? null : place.batchId(),
              entry.attempt(),
              entry.firstStartedAt(),
              0,
              0));
    }
  }

  /** Cancels the descendants of these runs. Descendants of a final run may not be final. */
  void cancelDescendants(Collection<Branch> branches) {
    Deque<Branch> open = new ArrayDeque<>(branches);
    for (int round = 1; round <= ROUNDS && !open.isEmpty(); round++) {
      List<Branch> some = new ArrayList<>();
      while (!open.isEmpty() && some.size() < RUNS_PER_ROUND) {
        some.add(open.poll());
      }
      open.addAll(cancelChildren(some));
    }
    if (!open.isEmpty()) {
      cancellationStore.insertAll(tx, open);
    }
    stuck = (int) open.stream().filter(branch -> branch.tries() > 0).count();
  }

  /** Cancels a share of the children of each branch; returns the branches that are left. */
  private List<Branch> cancelChildren(List<Branch> branches) {
    int share = Math.max(1, RUNS_PER_ROUND / branches.size());
    List<Place> children =
        familyQueries.childPlaces(
            tx,
            branches.stream().map(Branch::runId).toArray(UUID[]::new),
            branches.stream().map(Branch::afterRunId).toArray(UUID[]::new),
            share);
    List<Place> open = children.stream().filter(place -> !place.ended()).toList();
    Set<UUID> moving = open.isEmpty() ? Set.of() : cancel(open);
    Map<UUID, List<Place>> byParent = new HashMap<>();
    children.forEach(
        child -> byParent.computeIfAbsent(child.parentId(), id -> new ArrayList<>()).add(child));
    List<Branch> left = new ArrayList<>();
    for (Branch branch : branches) {
      List<Place> own = byParent.getOrDefault(branch.runId(), List.of());
      left.addAll(left(branch, own, own.size() >= share, moving));
    }
    return left;
  }

  /**
   * Returns the branches of the handled children, then the branch itself unless it is complete.
   *
   * @param more whether there may be more children than {@code children}
   * @param moving runs that were not found; their branch continues in front of them, but not for
   *     ever: after some tries it passes over a run that is in no table, which must not happen
   */
  private static List<Branch> left(
      Branch branch, List<Place> children, boolean more, Set<UUID> moving) {
    List<Branch> left = new ArrayList<>();
    UUID afterRunId = branch.afterRunId();
    int tries = branch.tries();
    boolean complete = !more;
    for (Place child : children) {
      if (moving.contains(child.runId())) {
        if (tries < TRIES_MAX) {
          complete = false;
          break;
        }
        log.error("Run {} cannot be canceled with its parent: it is in no table", child.runId());
      }
      afterRunId = child.runId();
      tries = 0;
      if (child.hasChildren()) {
        left.add(Branch.whole(child.runId()));
      }
    }
    if (!complete) {
      left.add(new Branch(branch.runId(), afterRunId, tries));
    }
    return left;
  }

  /** Writes the outcomes. Call it last: the transaction must not lock anything after it. */
  void write(FinishRuns finishRuns) {
    if (!outcomes.isEmpty()) {
      finishRuns.finish(tx, outcomes);
    }
  }
}

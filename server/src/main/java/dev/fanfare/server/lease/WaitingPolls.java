package dev.fanfare.server.lease;

import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.ClaimRuns.Claimant;
import dev.fanfare.server.queue.Lane;
import dev.fanfare.server.run.HandOver;
import dev.fanfare.server.run.RunRow;
import dev.fanfare.server.task.Task;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The polls that wait on this server, to which new runs are handed over. Those that wait longest
 * come first.
 *
 * <p>A poll waits where nothing was ready that it could take. A run that is ready since then has
 * signaled it or another poll, so new runs overtake older ones for a moment at most. Thread-safe.
 */
public final class WaitingPolls implements HandOver {
  /** More runs would delay the response to their trigger more than a claim delays their start. */
  private static final int RUNS_MAX = 100;

  private static final long CHARS_MAX = 128 * 1024;

  /** Longer than any transaction may take. */
  private static final long HAND_OVER_NANOS_MAX = TimeUnit.MINUTES.toNanos(1);

  private static final Later<List<ClaimedRun>> NOTHING = Later.of(List.of());

  private final Map<Integer, Waiting> waiting = new ConcurrentHashMap<>(); // by environment
  private final HandOverStore store = new HandOverStore();

  WaitingPolls() {}

  /**
   * The seat of a poll that is about to wait.
   *
   * @param max how many runs it can take
   * @param open whether it still waits
   * @param wake wakes its thread
   */
  public Seat seat(
      int environmentId,
      Claimant claimant,
      int max,
      ClaimMemory memory,
      BooleanSupplier open,
      Runnable wake) {
    return new Seat(
        waiting.computeIfAbsent(environmentId, id -> new Waiting()),
        claimant,
        max,
        memory,
        open,
        wake);
  }

  @Override
  public HandOver.Reservation reserve(int environmentId, Set<Lane> lanes) {
    Waiting all = waiting.get(environmentId);
    Seat seat = all == null ? null : all.reserve(lanes);
    if (seat == null) {
      return HandOver.Reservation.NONE;
    }
    seat.wake.run();
    return new SeatReservation(seat);
  }

  /** The seats of one environment in which polls wait. */
  private static final class Waiting {
    final ReentrantLock lock = new ReentrantLock();
    final Condition ended = lock.newCondition(); // a reservation

    // Guarded by lock.
    final Set<Seat> seats = new LinkedHashSet<>(); // in the order of their arrival

    @Nullable Seat reserve(Set<Lane> lanes) {
      lock.lock();
      try {
        for (Seat seat : seats) {
          if (!seat.reserved && seat.canTake(lanes)) {
            seat.reserved = true;
            return seat;
          }
        }
        return null;
      } finally {
        lock.unlock();
      }
    }
  }

  /** The seat of one poll. For use by the thread of the poll. */
  public static final class Seat {
    private final Waiting waiting;
    private final Claimant claimant;
    private final int max;
    private final ClaimMemory memory;
    private final BooleanSupplier open;
    private final Runnable wake;

    // Guarded by the lock of waiting.
    private boolean reserved;
    private List<ClaimedRun> runs = List.of();
    private @Nullable DatabaseException failure;

    private Seat(
        Waiting waiting,
        Claimant claimant,
        int max,
        ClaimMemory memory,
        BooleanSupplier open,
        Runnable wake) {
      this.waiting = waiting;
      this.claimant = claimant;
      this.max = max;
      this.memory = memory;
      this.open = open;
      this.wake = wake;
    }

    /** Begins to wait. From now on runs can be handed over. */
    public void take() {
      waiting.lock.lock();
      try {
        waiting.seats.add(this);
      } finally {
        waiting.lock.unlock();
      }
    }

    /**
     * Ends the wait, also for a hand-over that has begun, which takes as long as a transaction.
     *
     * @return the runs that were handed over, which the poll must deliver or hand back
     * @throws DatabaseException a failure after which runs may be leased to the poll nevertheless
     */
    public List<ClaimedRun> leave() {
      waiting.lock.lock();
      try {
        awaitEnd();
        waiting.seats.remove(this);
        if (failure != null) {
          throw failure;
        }
        List<ClaimedRun> handed = runs;
        runs = List.of();
        memory.hold(PayloadReads.chars(handed));
        return handed;
      } finally {
        waiting.lock.unlock();
      }
    }

    /** Called with the lock. */
    private void awaitEnd() {
      long left = HAND_OVER_NANOS_MAX;
      boolean interrupted = false;
      while (reserved && left > 0) {
        try {
          left = waiting.ended.awaitNanos(left);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      if (reserved) {
        waiting.seats.remove(this); // what is leased to the poll nevertheless, the next one gets
        throw new IllegalStateException("A hand-over did not end");
      }
    }

    private boolean canTake(Set<Lane> lanes) {
      return runs.isEmpty()
          && failure == null
          && claimant.poll() > 0 // otherwise a lost response would not be repeated
          && open.getAsBoolean()
          && !memory.isSpent()
          && lanes.stream().allMatch(claimant::canTake);
    }

    private void end(List<ClaimedRun> handed, @Nullable DatabaseException thrown) {
      waiting.lock.lock();
      try {
        reserved = false;
        runs = handed;
        failure = thrown;
        waiting.ended.signalAll();
      } finally {
        waiting.lock.unlock();
      }
    }
  }

  private final class SeatReservation implements HandOver.Reservation {
    private final Seat seat;
    private Later<List<ClaimedRun>> leased = NOTHING;

    private SeatReservation(Seat seat) {
      this.seat = seat;
    }

    @Override
    public void begin() {
      leased = NOTHING; // a repeated transaction may find that it has nothing to create
    }

    @Override
    public int accepted(List<RunRow> runs) {
      int most = Math.min(runs.size(), Math.min(seat.max, RUNS_MAX));
      long chars = 0;
      for (int i = 0; i < most; i++) {
        chars += runs.get(i).run().chars();
        if (chars > CHARS_MAX) {
          return i;
        }
      }
      return most;
    }

    @Override
    public void insert(
        Tx tx, Instant now, @Nullable UUID batchId, List<RunRow> runs, Collection<Task> assumed) {
      leased = store.insert(tx, seat.claimant, now, batchId, runs, assumed);
    }

    @Override
    public int committed() {
      List<ClaimedRun> runs = leased.get();
      seat.end(runs, null);
      return runs.size();
    }

    @Override
    public void rolledBack() {
      seat.end(List.of(), null);
    }

    @Override
    public void failed(Throwable failure) {
      seat.end(List.of(), failure instanceof DatabaseException e ? e : null);
    }
  }
}

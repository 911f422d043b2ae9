package dev.fanfare.sdk.internal.worker;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Executes attempts, each on its own virtual thread, as many at once as there are slots; the others
 * wait here. A poll reserves no slots: a retry that is due during a poll takes a slot at once, and
 * in the rare case that the poll returns more runs than fit, the surplus waits.
 *
 * <p>While attempts are short and succeed, runs are claimed ahead: otherwise slots would be empty
 * for longer than they are taken, while a poll is on its way. The shorter the attempts, the more
 * are claimed ahead, because one poll for many runs costs far less than many polls for a few. If
 * attempts turn out to be long, what waits for too long goes back, so that another worker can
 * execute it. A worker whose attempts fail claims nothing ahead: something may be wrong with it,
 * and not with the others. Safe for use by many threads.
 */
final class Slots {
  /** How long a poll waits for more room. */
  static final Duration LINGER = Duration.ofMillis(1);

  /** Attempts that take less on average are short: a poll takes about as long. */
  private static final long SHORT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** The most runs that are claimed ahead, unless there are more slots: then as many as slots. */
  private static final int AHEAD_OF_FEW_MAX = 1_000;

  /** Many short attempts must have ended before runs are claimed ahead. */
  private static final long UNKNOWN_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

  /** The weight of the past in the average, beside that of one attempt. */
  private static final int WEIGHT = 16;

  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final int total;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Waiting> waiting = new ArrayDeque<>(); // guarded by lock
  private int free; // guarded by lock
  private int abandoned; // guarded by lock; threads that go on although their attempts ended
  private int wanted; // guarded by lock; the room that a thread waits for, 0: none waits
  private boolean idleWanted; // guarded by lock
  private boolean checked; // guarded by lock; whether a check of what waits is to come
  private long usualNanos = UNKNOWN_NANOS; // guarded by lock; a moving average of attempts
  private long takenNanos = System.nanoTime(); // guarded by lock; when waiting last got shorter

  /** The slot of the attempt that a thread executes, or that started the thread. */
  private static final InheritableThreadLocal<Place> CURRENT = new InheritableThreadLocal<>();

  /** The slot of one attempt. Its state is guarded by the lock of its slots. */
  static final class Place {
    private enum State {
      VACANT,
      OCCUPIED,
      /** The attempt has ended for the worker, and its thread goes on. */
      ABANDONED
    }

    private volatile State state = State.VACANT;
    private volatile @Nullable Slots slots; // set before its attempt is executed
  }

  private record Waiting(Attempt attempt, long sinceNanos) {}

  Slots(int total) {
    this.total = total;
    this.free = total;
  }

  int total() {
    return total;
  }

  /** Executes an attempt now, or as soon as a slot is free. */
  void execute(Attempt attempt) {
    lock.lock();
    try {
      if (free == 0) {
        waiting.add(new Waiting(attempt, System.nanoTime()));
        if (!checked) {
          checked = true;
          checkAfter(PATIENCE_NANOS);
        }
        return;
      }
      free--;
      attempt.place().state = Place.State.OCCUPIED;
    } finally {
      lock.unlock();
    }
    start(attempt);
  }

  /** How many runs can be held: those that execute, and those ahead, or as many that wait. */
  int holdable() {
    lock.lock();
    try {
      return total + Math.max(total, ahead());
    } finally {
      lock.unlock();
    }
  }

  /** How many attempts are executing, or wait for a slot. */
  int pending() {
    lock.lock();
    try {
      return total - free + waiting.size();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until there is room for a run, and then up to {@code linger} until half of all room is
   * free, because one poll for many runs costs the server far less than many polls for one.
   *
   * @return how many runs to claim, at least 1
   */
  int awaitRoom(Duration linger) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      wanted = 1;
      while (room() <= 0) {
        changed.await();
      }
      wanted = Math.max(1, (total + ahead()) / 2);
      long left = linger.toNanos();
      while (room() < wanted && left > 0) {
        left = changed.awaitNanos(left);
      }
      return Math.max(1, room());
    } finally {
      wanted = 0;
      lock.unlock();
    }
  }

  /** How many runs can be claimed. Called with the lock. */
  private int room() {
    return free - waiting.size() + ahead();
  }

  /**
   * How many runs to claim beyond those that execute: while attempts are short, as many as the
   * slots execute in the time that counts as short. Called with the lock.
   */
  private int ahead() {
    if (usualNanos >= SHORT_NANOS) {
      return 0;
    }
    long executed = total * (SHORT_NANOS / Math.max(1, usualNanos));
    return (int) Math.min(executed, Math.max(total, AHEAD_OF_FEW_MAX));
  }

  private void checkAfter(long nanos) {
    CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, Runnable::run)
        .execute(this::check);
  }

  /**
   * Hands back all that waits, if some of it has been waiting for too long, and either attempts
   * usually take that long or nothing has been taken for as long.
   */
  private void check() {
    List<Attempt> overdue;
    lock.lock();
    try {
      Waiting oldest = waiting.peek();
      if (oldest != null) {
        long since = usualNanos >= PATIENCE_NANOS ? oldest.sinceNanos : takenNanos;
        long left = Math.max(oldest.sinceNanos, since) + PATIENCE_NANOS - System.nanoTime();
        if (left > 0) {
          checkAfter(left);
          return;
        }
        usualNanos = Math.max(usualNanos, UNKNOWN_NANOS);
      }
      checked = false;
      overdue = waiting.stream().map(Waiting::attempt).toList();
      waiting.clear();
    } finally {
      lock.unlock();
    }
    overdue.forEach(Attempt::handBack);
  }

  /** Waits until nothing is executing, or {@code patience} elapsed. */
  void awaitIdle(Duration patience) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      idleWanted = true;
      long left = patience.toNanos();
      while (free < total && left > 0) {
        left = changed.awaitNanos(left);
      }
    } finally {
      idleWanted = false;
      lock.unlock();
    }
  }

  private void start(Attempt attempt) {
    Thread.ofVirtual()
        .name(attempt.id())
        .start(() -> {
          attempt.place().slots = this;
          CURRENT.set(attempt.place());
          long beginNanos = System.nanoTime();
          try {
            attempt.execute();
          } finally {
            long nanos = System.nanoTime() - beginNanos;
            release(
                attempt.place(), attempt.hasReturned() ? nanos : Math.max(nanos, UNKNOWN_NANOS));
            attempt.conclude();
          }
        });
  }

  /**
   * Frees the slot of an attempt whose thread cannot be stopped. Of such threads there are at most
   * as many as slots; a further one keeps its slot, so that a worker whose every handler hangs
   * comes to rest.
   *
   * @return whether the thread is still running
   */
  boolean abandon(Attempt attempt) {
    Attempt next;
    lock.lock();
    try {
      if (attempt.place().state != Place.State.OCCUPIED) {
        return false;
      }
      if (abandoned == total) {
        return true;
      }
      attempt.place().state = Place.State.ABANDONED;
      abandoned++;
      next = free();
    } finally {
      lock.unlock();
    }
    if (next != null) {
      start(next);
    }
    return true;
  }

  /** Whether the calling thread executes an attempt that runs now, or was started by one. */
  boolean isWithinAttempt() {
    Place place = CURRENT.get();
    return place != null && place.slots == this && place.state != Place.State.VACANT;
  }

  /** How many threads go on although their attempts ended. */
  int abandoned() {
    lock.lock();
    try {
      return abandoned;
    } finally {
      lock.unlock();
    }
  }

  private void release(Place place, long nanos) {
    Attempt next = null;
    lock.lock();
    try {
      usualNanos += (nanos - usualNanos) / WEIGHT;
      if (place.state == Place.State.ABANDONED) {
        abandoned--;
      } else {
        next = free();
      }
      place.state = Place.State.VACANT;
    } finally {
      lock.unlock();
    }
    if (next != null) {
      start(next);
    }
  }

  /** Frees a slot, or gives it to the attempt that is returned. Called with the lock. */
  private @Nullable Attempt free() {
    Waiting next = waiting.poll();
    if (next == null) {
      free++;
    } else {
      takenNanos = System.nanoTime();
      next.attempt.place().state = Place.State.OCCUPIED;
    }
    if ((wanted > 0 && room() >= wanted) || (idleWanted && free == total)) {
      changed.signalAll();
    }
    return next == null ? null : next.attempt;
  }
}

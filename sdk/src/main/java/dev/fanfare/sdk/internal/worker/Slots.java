package dev.fanfare.sdk.internal.worker;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Executes attempts, each on its own virtual thread, as many at once as there are slots; the others
 * wait here. A poll reserves no slots: a retry that is due during a poll takes a slot at once, and
 * in the rare case that the poll returns more runs than fit, the surplus waits. Safe for use by
 * many threads.
 */
final class Slots {
  private final int total;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition enough = lock.newCondition();
  private final Deque<Attempt> waiting = new ArrayDeque<>(); // guarded by lock
  private int free; // guarded by lock
  private int abandoned; // guarded by lock; threads that go on although their attempts ended
  private int wanted; // guarded by lock; free slots that a thread waits for, 0: none waits

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
        waiting.add(attempt);
        return;
      }
      free--;
      attempt.place().state = Place.State.OCCUPIED;
    } finally {
      lock.unlock();
    }
    start(attempt);
  }

  /** How many attempts are executing. */
  int busy() {
    lock.lock();
    try {
      return total - free;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until a slot is free, and then up to {@code linger} until half of them are, because one
   * poll for many runs costs the server far less than many polls for one.
   *
   * @return how many slots are free, at least 1
   */
  int awaitFree(Duration linger) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (free == 0) {
        wanted = 1;
        enough.await();
      }
      awaitFree(Math.max(1, total / 2), linger);
      return free;
    } finally {
      wanted = 0;
      lock.unlock();
    }
  }

  /** Waits until nothing is executing, or {@code patience} elapsed. */
  void awaitIdle(Duration patience) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      awaitFree(total, patience);
    } finally {
      wanted = 0;
      lock.unlock();
    }
  }

  private void awaitFree(int count, Duration patience) throws InterruptedException {
    long left = patience.toNanos();
    while (free < count && left > 0) {
      wanted = count;
      left = enough.awaitNanos(left);
    }
  }

  private void start(Attempt attempt) {
    Thread.ofVirtual()
        .name(attempt.id())
        .start(() -> {
          attempt.place().slots = this;
          CURRENT.set(attempt.place());
          try {
            attempt.execute();
          } finally {
            release(attempt.place());
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

  private void release(Place place) {
    Attempt next = null;
    lock.lock();
    try {
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
    Attempt next = waiting.poll();
    if (next == null) {
      free++;
      if (wanted > 0 && free >= wanted) {
        enough.signalAll();
      }
    } else {
      next.place().state = Place.State.OCCUPIED;
    }
    return next;
  }

  /** How long a poll waits for more free slots. */
  static final Duration LINGER = Duration.ofNanos(TimeUnit.MILLISECONDS.toNanos(1));
}

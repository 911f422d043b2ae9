package dev.fanfare.sdk.internal.worker;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

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
  private int wanted; // guarded by lock; free slots that a thread waits for, 0: none waits

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
          try {
            attempt.execute();
          } finally {
            release();
            attempt.conclude();
          }
        });
  }

  private void release() {
    Attempt next;
    lock.lock();
    try {
      next = waiting.poll();
      if (next == null) {
        free++;
        if (wanted > 0 && free >= wanted) {
          enough.signalAll();
        }
      }
    } finally {
      lock.unlock();
    }
    if (next != null) {
      start(next);
    }
  }

  /** How long a poll waits for more free slots. */
  static final Duration LINGER = Duration.ofNanos(TimeUnit.MILLISECONDS.toNanos(1));
}

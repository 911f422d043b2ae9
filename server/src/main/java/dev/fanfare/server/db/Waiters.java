package dev.fanfare.server.db;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The polls of one environment that wait on this server.
 *
 * <p>A signal wakes as many of them as have slots for its runs, those that wait longest first, and
 * only those that can execute one of its tasks. A poll that finds more than it can take, or that
 * was woken for work of others, passes the signal on to polls that have not looked since. So each
 * poll looks at most once for each signal. Thread-safe.
 */
final class Waiters {
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by lock.
  private final Set<Waiter> waiting = new LinkedHashSet<>(); // in the order of their arrival
  private long signals;
  private boolean closed;

  /** The number of signals so far. */
  long ticket() {
    lock.lock();
    try {
      return signals;
    } finally {
      lock.unlock();
    }
  }

  void signal(Work work) {
    lock.lock();
    try {
      signals++;
      wake(signals, work);
    } finally {
      lock.unlock();
    }
  }

  void passOn(long ticket, Work work) {
    lock.lock();
    try {
      wake(ticket, work);
    } finally {
      lock.unlock();
    }
  }

  /** Wakes waiters that have not looked since the signal with this number. */
  private void wake(long signal, Work work) {
    long left = work.runs();
    for (Waiter waiter : waiting) {
      if (left <= 0) {
        break;
      }
      if (work.forAll() || (waiter.lookedAt < signal && waiter.canExecute(work.taskIds()))) {
        if (!work.forAll()) {
          waiter.runs = (int) Math.min(waiter.slots, waiter.runs + left);
          waiter.others |= !waiter.canExecuteAll(work.taskIds());
          left -= waiter.slots;
        }
        waiter.signaled = true;
        waiter.wakeUp.signal();
      }
    }
  }

  Signals.Waiter join(Set<Integer> taskIds, int slots, long ticket) {
    lock.lock();
    try {
      Waiter waiter = new Waiter(taskIds, slots, ticket);
      waiting.add(waiter);
      return waiter;
    } finally {
      lock.unlock();
    }
  }

  void close() {
    lock.lock();
    try {
      closed = true;
      wake(signals, Work.FOR_ALL);
    } finally {
      lock.unlock();
    }
  }

  private final class Waiter implements Signals.Waiter {
    final Set<Integer> taskIds;
    final int slots;
    final Condition wakeUp = lock.newCondition();

    // Guarded by lock.
    long lookedAt; // the number of signals when it last looked for work
    boolean signaled; // there was a signal since
    int runs; // how many of its runs were meant for this poll
    boolean others; // some of its runs may be of tasks that this poll cannot execute
    boolean looking;
    boolean woken; // without a signal

    Waiter(Set<Integer> taskIds, int slots, long ticket) {
      this.taskIds = taskIds;
      this.slots = slots;
      this.lookedAt = ticket;
      this.signaled = signals != ticket;
    }

    boolean canExecute(Set<Integer> tasks) {
      return tasks.isEmpty() || tasks.stream().anyMatch(taskIds::contains);
    }

    boolean canExecuteAll(Set<Integer> tasks) {
      return !tasks.isEmpty() && taskIds.containsAll(tasks);
    }

    @Override
    public boolean await(Duration timeout) throws InterruptedException {
      long nanos = timeout.toNanos();
      lock.lock();
      try {
        while (!signaled && !woken && nanos > 0 && !closed) {
          nanos = wakeUp.awaitNanos(nanos);
        }
        woken = false;
        return signaled;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void wake() {
      lock.lock();
      try {
        woken = true;
        wakeUp.signal();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Signals.Look look() {
      lock.lock();
      try {
        Signals.Look look = new Signals.Look(signals, runs, others);
        lookedAt = signals;
        signaled = false;
        runs = 0;
        others = false;
        looking = true;
        return look;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void looked() {
      lock.lock();
      try {
        looking = false;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        waiting.remove(this);
        if (signaled || looking) { // another one must look instead
          Waiters.this.wake(Math.max(1, signals), Work.UNKNOWN);
        }
      } finally {
        lock.unlock();
      }
    }
  }
}

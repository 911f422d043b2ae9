package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.Started;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Collects what happened to the runs of a session and is not reported yet. While one report is in
 * flight, the next one collects here, so a busy worker sends few large reports and an idle worker
 * reports at once. Safe for use by many threads; only one may call {@link #take}.
 */
final class Outbox {
  /** Most outcomes in one report. */
  static final int FINISHED_MAX = 500;

  /** Most starts in one report. */
  private static final int STARTS_MAX = 1_000;

  /** Most characters in one report; a single outcome may be longer. */
  private static final long CHARS_MAX = 4L * 1024 * 1024;

  /** Waiting outcomes, beyond which the worker claims no more runs. */
  private static final int WAITING_MAX = 2_000;

  /** Characters of waiting outcomes, beyond which the worker claims no more runs. */
  private static final long WAITING_CHARS_MAX = 32L * 1024 * 1024;

  /**
   * How long the report of a start is held back. An attempt that ends within this time is reported
   * without its start, which halves the server's cost of short tasks.
   */
  private static final long START_LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** How long an outcome waits for others, while more attempts run. */
  private static final long END_LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private record Start(Attempt attempt, long atNanos) {}

  private final IntSupplier pending;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition more = lock.newCondition();
  private final Condition room = lock.newCondition();

  // All guarded by lock.
  private final Deque<Start> starts = new ArrayDeque<>();
  private final Deque<Finished> finished = new ArrayDeque<>();
  private final List<LeaseRef> returned = new ArrayList<>();
  private long finishedChars;
  private int wanted; // outcomes that take() waits for; 0: it is not waiting
  private boolean closed;

  /**
   * @param pending how many attempts execute or wait for a slot
   */
  Outbox(IntSupplier pending) {
    this.pending = pending;
  }

  void started(Attempt attempt) {
    lock.lock();
    try {
      starts.add(new Start(attempt, System.nanoTime()));
      if (starts.size() == 1 && wanted > 0) {
        more.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  void finished(Finished end) {
    lock.lock();
    try {
      finished.add(end);
      finishedChars += chars(end);
      if (wanted > 0 && finished.size() >= wanted) {
        more.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  void returned(LeaseRef held) {
    lock.lock();
    try {
      returned.add(held);
      more.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Lets {@link #take} return what is left without delay, and then {@code null}. */
  void close() {
    lock.lock();
    try {
      closed = true;
      more.signalAll();
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until few enough outcomes are waiting to claim more runs. */
  void awaitRoom() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while ((finished.size() > WAITING_MAX || finishedChars > WAITING_CHARS_MAX) && !closed) {
        room.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next report, as soon as there is something to report; an empty one, a heartbeat, when
   * {@code patience} elapsed first; {@code null} when the outbox is closed and empty.
   */
  @Nullable ReportRequest take(long patienceNanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      awaitNews(System.nanoTime() + patienceNanos);
      awaitMoreEnds();
      if (closed && finished.isEmpty() && returned.isEmpty()) {
        return null;
      }
      List<Finished> ends = takeFinished();
      List<LeaseRef> back = List.copyOf(returned);
      returned.clear();
      room.signalAll();
      return new ReportRequest(takeStartsDue(), ends, back);
    } finally {
      wanted = 0;
      lock.unlock();
    }
  }

  /** What is due except outcomes, without waiting; perhaps nothing, which is a heartbeat. */
  ReportRequest takeStarts() {
    lock.lock();
    try {
      List<LeaseRef> back = List.copyOf(returned);
      returned.clear();
      return new ReportRequest(takeStartsDue(), List.of(), back);
    } finally {
      lock.unlock();
    }
  }

  private void awaitNews(long deadline) throws InterruptedException {
    wanted = 1;
    while (finished.isEmpty() && returned.isEmpty() && !closed) {
      long now = System.nanoTime();
      dropEndedStarts();
      Start oldest = starts.peekFirst();
      long until =
          oldest == null ? deadline : Math.min(deadline, oldest.atNanos + START_LINGER_NANOS);
      if (until <= now) {
        return;
      }
      more.awaitNanos(until - now);
    }
  }

  private void awaitMoreEnds() throws InterruptedException {
    int target = Math.min(FINISHED_MAX, finished.size() + pending.getAsInt());
    long left = END_LINGER_NANOS;
    while (!finished.isEmpty() && finished.size() < target && !closed && left > 0) {
      wanted = target;
      left = more.awaitNanos(left);
    }
  }

  private void dropEndedStarts() {
    while (!starts.isEmpty() && !starts.getFirst().attempt.isRunning()) {
      starts.removeFirst();
    }
  }

  private List<Started> takeStartsDue() {
    List<Started> due = new ArrayList<>();
    long young = System.nanoTime() - START_LINGER_NANOS;
    while (!starts.isEmpty() && due.size() < STARTS_MAX && starts.getFirst().atNanos <= young) {
      Attempt attempt = starts.removeFirst().attempt;
      if (attempt.isRunning()) {
        due.add(attempt.started());
      }
    }
    return due;
  }

  private List<Finished> takeFinished() {
    List<Finished> taken = new ArrayList<>();
    long chars = 0;
    while (!finished.isEmpty() && taken.size() < FINISHED_MAX) {
      chars += chars(finished.getFirst());
      if (!taken.isEmpty() && chars > CHARS_MAX) {
        break;
      }
      taken.add(finished.removeFirst());
    }
    taken.forEach(end -> finishedChars -= chars(end));
    return taken;
  }

  /** About how many characters of JSON these outcomes take. */
  static long chars(List<Finished> ends) {
    long chars = 0;
    for (Finished end : ends) {
      chars += chars(end);
    }
    return chars;
  }

  private static long chars(Finished end) {
    RunError error = end.error();
    return 256L
        + length(end.output())
        + (error == null ? 0 : length(error.message()) + length(error.stackTrace()));
  }

  private static long length(@Nullable String text) {
    return text == null ? 0 : text.length();
  }
}

package dev.fanfare.sdk.internal.worker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Interrupts the thread it was made on when that is at work for too long. It waits in the JDK's one
 * timer and costs no thread. Safe for use by many threads.
 */
final class TimeLimit {
  private final Thread thread = Thread.currentThread();
  private final CompletableFuture<Void> timer = new CompletableFuture<>();
  private boolean ended; // guarded by this
  private boolean exceeded; // guarded by this

  private TimeLimit() {}

  /** Begins to count; {@code null}: there is no limit. */
  @SuppressWarnings("FutureReturnValueIgnored") // exceed() throws nothing
  static TimeLimit start(@Nullable Long millis) {
    TimeLimit limit = new TimeLimit();
    if (millis != null) {
      limit.timer.thenRun(limit::exceed);
      limit.timer.completeOnTimeout(null, millis, TimeUnit.MILLISECONDS);
    }
    return limit;
  }

  private synchronized void exceed() {
    if (!ended) {
      exceeded = true;
      thread.interrupt();
    }
  }

  /** Whether the time was over before the work was. */
  synchronized boolean isExceeded() {
    return exceeded;
  }

  /** The work has ended: from here on the thread is left alone, and the timer forgets it. */
  void end() {
    synchronized (this) {
      ended = true;
    }
    timer.cancel(false);
  }
}

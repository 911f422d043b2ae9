package dev.fanfare.sdk.internal.worker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A time limit for the thread that created it: interrupts the thread when the limit is exceeded. It
 * waits in the JDK's shared timer and takes no thread. Safe for use by many threads.
 */
final class TimeLimit {
  private final Thread thread = Thread.currentThread();
  private final Runnable whenExceeded;
  private final CompletableFuture<Void> timer = new CompletableFuture<>();
  private boolean ended; // guarded by this
  private boolean exceeded; // guarded by this

  private TimeLimit(Runnable whenExceeded) {
    this.whenExceeded = whenExceeded;
  }

  /**
   * Starts the timer.
   *
   * @param millis {@code null}: no limit
   * @param whenExceeded called after the interrupt, in the timer's thread; must not block or throw
   */
  @SuppressWarnings("FutureReturnValueIgnored") // exceed() throws nothing
  static TimeLimit start(@Nullable Long millis, Runnable whenExceeded) {
    TimeLimit limit = new TimeLimit(whenExceeded);
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
      whenExceeded.run();
    }
  }

  /** Whether the limit was exceeded before {@link #end}. */
  synchronized boolean isExceeded() {
    return exceeded;
  }

  /** Ends the limit: from now on the thread is not interrupted. */
  void end() {
    synchronized (this) {
      ended = true;
    }
    timer.cancel(false);
  }
}

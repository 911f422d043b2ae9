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
  private final @Nullable CompletableFuture<Void> timer; // absent: no limit
  private boolean ended; // guarded by this
  private boolean exceeded; // guarded by this

  private TimeLimit(@Nullable CompletableFuture<Void> timer, Runnable whenExceeded) {
    this.timer = timer;
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
    if (millis == null) {
      return new TimeLimit(null, whenExceeded);
    }
    CompletableFuture<Void> timer = new CompletableFuture<>();
    TimeLimit limit = new TimeLimit(timer, whenExceeded);
    timer.thenRun(limit::exceed);
    timer.completeOnTimeout(null, millis, TimeUnit.MILLISECONDS);
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
    if (timer != null) {
      timer.cancel(false);
    }
  }
}

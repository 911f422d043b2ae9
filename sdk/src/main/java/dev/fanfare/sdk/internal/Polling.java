package dev.fanfare.sdk.internal;

import dev.fanfare.sdk.ConnectionException;
import java.time.Duration;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Reads a value repeatedly until it passes a test: often at first, then once a second. */
public final class Polling {
  private static final long PAUSE_MILLIS_MIN = 20;
  private static final long PAUSE_MILLIS_MAX = 1_000;

  private Polling() {}

  /** The first value that passes, or the last one read before {@code timeout} elapsed. */
  public static <T> T until(Supplier<T> read, Predicate<T> done, Duration timeout) {
    long patience = Spans.nanos(Spans.patience("timeout", timeout));
    long start = System.nanoTime();
    long pause = PAUSE_MILLIS_MIN;
    while (true) {
      T value = read.get();
      long leftMillis = (patience - (System.nanoTime() - start)) / 1_000_000;
      if (done.test(value) || leftMillis <= 0) {
        return value;
      }
      try {
        Thread.sleep(Math.min(pause, leftMillis));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ConnectionException("Interrupted while waiting", e);
      }
      pause = Math.min(PAUSE_MILLIS_MAX, pause * 2);
    }
  }
}

package dev.fanfare.sdk.internal.worker;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Growing waits between tries, with jitter, so that many workers do not return at once. For use by
 * one thread.
 */
final class Backoff {
  private static final long MIN_MILLIS = 100;
  private static final long MAX_MILLIS = 5_000;

  private int failures;

  void reset() {
    failures = 0;
  }

  /** Whether to log this failure: the first in a row and every tenth. */
  boolean shouldLog() {
    return failures % 10 == 0;
  }

  void pause() throws InterruptedException {
    Thread.sleep(nextMillis());
  }

  /** The wait before the next try. */
  long nextMillis() {
    long wait = Math.min(MAX_MILLIS, MIN_MILLIS << Math.min(failures, 20));
    failures++;
    return wait / 2 + ThreadLocalRandom.current().nextLong(wait / 2 + 1);
  }
}

package dev.fanfare.sdk.internal;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Growing waits between tries, spread so that many workers do not return together. One thread's.
 */
final class Backoff {
  private final long minMillis;
  private final long maxMillis;
  private int failures;

  Backoff(long minMillis, long maxMillis) {
    this.minMillis = minMillis;
    this.maxMillis = maxMillis;
  }

  void reset() {
    failures = 0;
  }

  /** At the first failure in a row and at every tenth: a server that is away is no news. */
  boolean isWorthSaying() {
    return failures % 10 == 0;
  }

  void pause() throws InterruptedException {
    long wait = Math.min(maxMillis, minMillis << Math.min(failures, 20));
    failures++;
    Thread.sleep(wait / 2 + ThreadLocalRandom.current().nextLong(wait / 2 + 1));
  }
}

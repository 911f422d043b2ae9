package dev.fanfare.bench;

import java.util.concurrent.TimeUnit;

/** Steps at a fixed pace. Those that are far too late are left out. For a single thread. */
final class Pace {
  private static final long BEHIND_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);

  private final long periodNanos;
  private long nextNanos = System.nanoTime();
  private int missed;

  Pace(double perSecond) {
    this.periodNanos = (long) (1e9 / perSecond);
  }

  /** Waits until the next step is due. */
  void await() throws InterruptedException {
    nextNanos += periodNanos;
    long left = nextNanos - System.nanoTime();
    while (left < -BEHIND_NANOS_MAX) {
      nextNanos += periodNanos;
      left += periodNanos;
      missed++;
    }
    if (left > 0) {
      TimeUnit.NANOSECONDS.sleep(left);
    }
  }

  /** How many steps were left out since the last call. */
  int takeMissed() {
    int taken = missed;
    missed = 0;
    return taken;
  }
}

package dev.fanfare.postgres;

import java.time.Duration;

/** A point in the future that ends a wait. Monotonic: the wall clock may jump meanwhile. */
final class Deadline {
  private final long end;

  private Deadline(long end) {
    this.end = end;
  }

  static Deadline in(Duration bound) {
    return new Deadline(System.nanoTime() + bound.toNanos());
  }

  boolean passed() {
    return System.nanoTime() - end >= 0;
  }

  /** Waits a moment before the next look at something that tells nobody when it changes. */
  void pause(Duration step) throws InterruptedException {
    long left = end - System.nanoTime();
    Thread.sleep(Duration.ofNanos(Math.max(0, Math.min(left, step.toNanos()))));
  }
}

package dev.fanfare.postgres;

import java.time.Duration;

/** The end of a bounded wait. It uses the monotonic clock, because the wall clock may jump. */
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

  /** Sleeps for {@code step}, or until the deadline if that comes first. */
  void pause(Duration step) throws InterruptedException {
    long left = end - System.nanoTime();
    Thread.sleep(Duration.ofNanos(Math.max(0, Math.min(left, step.toNanos()))));
  }
}

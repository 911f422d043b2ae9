package dev.fanfare.postgres;

import java.time.Duration;
import java.util.concurrent.Callable;

/** A bounded wait. The testkit has a better one, but it depends on this module. */
final class Poll {
  private Poll() {}

  static void until(String what, Duration bound, Callable<Boolean> condition) throws Exception {
    Deadline deadline = Deadline.in(bound);
    while (!condition.call()) {
      if (deadline.passed()) {
        throw new AssertionError("Waited %d s until %s".formatted(bound.toSeconds(), what));
      }
      deadline.pause(Duration.ofMillis(5));
    }
  }
}

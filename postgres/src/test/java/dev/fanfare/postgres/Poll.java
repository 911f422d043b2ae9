package dev.fanfare.postgres;

import java.time.Duration;
import java.util.concurrent.Callable;

/** A bounded wait. The test kit has a better one, but stands on this module. */
final class Poll {
  private Poll() {}

  static void until(String what, Duration bound, Callable<Boolean> condition) throws Exception {
    Deadline deadline = Deadline.in(bound);
    while (!condition.call()) {
      if (deadline.passed()) {
        throw new AssertionError("Waited " + bound.toSeconds() + " s for this: " + what);
      }
      deadline.pause(Duration.ofMillis(5));
    }
  }
}

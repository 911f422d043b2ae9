package dev.fanfare.testkit;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Waits, by polling, for something that sends no notification when it happens. It checks at least
 * every 50 ms and fails when its bound is reached. This is the only place where a test may sleep.
 */
public final class Await {
  private static final long LONGEST_STEP_MILLIS = 50;

  private Await() {}

  /** A condition that becomes true. */
  @FunctionalInterface
  public interface Condition {
    /** Whether the condition holds now; an exception counts as not yet. */
    boolean holds() throws Exception;
  }

  /** An assertion that passes after some time. */
  @FunctionalInterface
  public interface Assertion {
    /** Throws as long as the assertion fails. */
    void check() throws Exception;
  }

  /**
   * Waits until {@code condition} holds.
   *
   * @throws AssertionError if it does not hold within {@code bound}
   */
  public static void until(Duration bound, Condition condition) {
    until("the condition", bound, condition);
  }

  /**
   * Waits until {@code condition} holds.
   *
   * @param what describes the condition in a failure's message, such as "the run is finished"
   * @throws AssertionError if it does not hold within {@code bound}
   */
  public static void until(String what, Duration bound, Condition condition) {
    poll(
        what,
        bound,
        () -> {
          if (!condition.holds()) {
            throw new AssertionError("it was false");
          }
        });
  }

  /**
   * Waits until {@code assertion} passes.
   *
   * @throws AssertionError if it still fails after {@code bound}; the cause is the last failure
   */
  public static void untilAsserted(Duration bound, Assertion assertion) {
    poll("the assertion", bound, assertion);
  }

  private static void poll(String what, Duration bound, Assertion assertion) {
    long begun = System.nanoTime();
    long step = 1;
    for (int checks = 1; ; checks++) {
      Throwable failure = check(assertion);
      if (failure == null) {
        return;
      }
      if (System.nanoTime() - begun >= bound.toNanos()) {
        throw new AssertionError(
            "Waited %s ms (%s checks) for %s; last failure: %s"
                .formatted(bound.toMillis(), checks, what, failure.getMessage()),
            failure);
      }
      sleep(step);
      step = Math.min(2 * step, LONGEST_STEP_MILLIS);
    }
  }

  private static @Nullable Throwable check(Assertion assertion) {
    try {
      assertion.check();
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("Interrupted while waiting", e);
    } catch (Exception | AssertionError notYet) {
      return notYet;
    }
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("Interrupted while waiting", e);
    }
  }
}

package dev.fanfare.testkit;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A wait for something that tells nobody when it happens. It looks again and again, at most 50 ms
 * apart, and ends when its bound is reached; this is the only place where a test may sleep.
 */
public final class Await {
  private static final long LONGEST_STEP_MILLIS = 50;

  private Await() {}

  /** Something that will hold. */
  @FunctionalInterface
  public interface Condition {
    /** Whether it holds now; an exception counts as not yet. */
    boolean holds() throws Exception;
  }

  /** Something that will stop throwing. */
  @FunctionalInterface
  public interface Assertion {
    /** Throws as long as it does not hold. */
    void check() throws Exception;
  }

  /**
   * Waits until {@code condition} holds.
   *
   * @throws AssertionError when it does not within {@code bound}
   */
  public static void until(Duration bound, Condition condition) {
    until("the condition", bound, condition);
  }

  /**
   * Waits until {@code condition} holds.
   *
   * @param what names it in the message of a failure, such as "the run is finished"
   * @throws AssertionError when it does not within {@code bound}
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
   * @throws AssertionError when it still fails after {@code bound}, with its last failure as cause
   */
  public static void untilAsserted(Duration bound, Assertion assertion) {
    poll("the assertion", bound, assertion);
  }

  private static void poll(String what, Duration bound, Assertion assertion) {
    long begun = System.nanoTime();
    long step = 1;
    for (int looks = 1; ; looks++) {
      Throwable failure = look(assertion);
      if (failure == null) {
        return;
      }
      if (System.nanoTime() - begun >= bound.toNanos()) {
        throw new AssertionError(
            "Waited %d ms (%d looks) for %s; at last: %s"
                .formatted(bound.toMillis(), looks, what, failure.getMessage()),
            failure);
      }
      sleep(step);
      step = Math.min(2 * step, LONGEST_STEP_MILLIS);
    }
  }

  private static @Nullable Throwable look(Assertion assertion) {
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

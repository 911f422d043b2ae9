package dev.fanfare.testkit;

import java.security.SecureRandom;
import java.util.SplittableRandom;

/**
 * Runs random tests that can be replayed: a failure reports its seed, and {@code -Dfanfare.seed=…}
 * repeats the run with that seed.
 *
 * <pre>{@code
 * Seed.run(random -> {
 *   int items = random.nextInt(1, 1000);
 *   …
 * });
 * }</pre>
 */
public final class Seed {
  /** The system property with the seed to replay, a decimal long. Absent: a new random seed. */
  public static final String PROPERTY = "fanfare.seed";

  private Seed() {}

  /** A test that draws all its random values from its argument. */
  @FunctionalInterface
  public interface Body {
    /**
     * Runs the test.
     *
     * @param random not thread-safe; give each further thread its own {@code random.split()}
     */
    void run(SplittableRandom random) throws Exception;
  }

  /** Runs {@code body} once, with a new seed or with the seed to replay. */
  public static void run(Body body) {
    run(1, body);
  }

  /**
   * Runs {@code body} up to {@code times} times, each time with a new seed, and stops at the first
   * failure. With a seed to replay, runs it once.
   *
   * @throws AssertionError if the body throws; the message contains the seed, the cause is the
   *     failure
   */
  public static void run(int times, Body body) {
    Long replay = Long.getLong(PROPERTY);
    if (replay != null) {
      runOne(replay, body);
      return;
    }
    SecureRandom seeds = new SecureRandom();
    for (int i = 0; i < times; i++) {
      runOne(seeds.nextLong(), body);
    }
  }

  private static void runOne(long seed, Body body) {
    try {
      body.run(new SplittableRandom(seed));
    } catch (Exception | AssertionError failure) {
      if (failure instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new AssertionError(
          "Failed with seed %s; replay with -D%s=%s%n%s".formatted(seed, PROPERTY, seed, failure),
          failure);
    }
  }
}

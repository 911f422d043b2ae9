package dev.fanfare.testkit;

import java.security.SecureRandom;
import java.util.SplittableRandom;

/**
 * Random tests that can be replayed: a failure names its seed, and {@code -Dfanfare.seed=…} runs
 * that one again.
 *
 * <pre>{@code
 * Seed.run(random -> {
 *   int items = random.nextInt(1, 1000);
 *   …
 * });
 * }</pre>
 */
public final class Seed {
  /** The system property that holds the seed to replay: a decimal long. Absent: a new seed. */
  public static final String PROPERTY = "fanfare.seed";

  private Seed() {}

  /** A test that draws everything random from its argument. */
  @FunctionalInterface
  public interface Body {
    /**
     * Runs the test.
     *
     * @param random for one thread; give each further thread its own {@code random.split()}
     */
    void run(SplittableRandom random) throws Exception;
  }

  /** Runs a body once, with a new seed or the one to replay. */
  public static void run(Body body) {
    run(1, body);
  }

  /**
   * Runs a body {@code times} times, each with a new seed, up to the first failure; or once with
   * the seed to replay.
   *
   * @throws AssertionError when the body throws, with the seed in the message and the failure as
   *     its cause
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
          "Failed with seed %d; replay with -D%s=%d%n%s".formatted(seed, PROPERTY, seed, failure),
          failure);
    }
  }
}

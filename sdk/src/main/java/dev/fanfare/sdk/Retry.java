package dev.fanfare.sdk;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.worker.RetryPolicy;
import java.time.Duration;
import java.util.Objects;

/**
 * When and how often a failed run is attempted again. Immutable.
 *
 * <p>The server applies it, so it holds even when the worker that failed is gone. The wait after
 * attempt n is {@code minDelay · factor^(n-1)}, with jitter up to twice that, and at most {@code
 * maxDelay}.
 *
 * @param maxAttempts attempts in all, including the first; 1 to 250
 * @param minDelay the first wait, from 0 to 365 days
 * @param maxDelay the longest wait, from {@code minDelay} to 365 days
 * @param factor how much longer each wait is than the previous one; 1 to 1,000
 * @param jitter whether waits are randomized, so that runs that failed together do not all return
 *     at once
 */
public record Retry(
    int maxAttempts, Duration minDelay, Duration maxDelay, double factor, boolean jitter) {
  private static final Duration DELAY_MAX = Duration.ofDays(365);

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException when one is out of its bounds
   */
  public Retry {
    if (maxAttempts < 1 || maxAttempts > Limits.ATTEMPTS_MAX) {
      throw new IllegalArgumentException(
          "maxAttempts must be from 1 to " + Limits.ATTEMPTS_MAX + ", not " + maxAttempts);
    }
    checkDelay("minDelay", minDelay);
    checkDelay("maxDelay", maxDelay);
    if (maxDelay.compareTo(minDelay) < 0) {
      throw new IllegalArgumentException(
          "maxDelay must be at least minDelay, which is " + minDelay + ", not " + maxDelay);
    }
    if (!(factor >= 1 && factor <= 1000)) {
      throw new IllegalArgumentException("factor must be from 1 to 1000, not " + factor);
    }
  }

  private static void checkDelay(String name, Duration delay) {
    Objects.requireNonNull(delay, () -> name + " must not be null");
    if (delay.isNegative() || delay.compareTo(DELAY_MAX) > 0) {
      throw new IllegalArgumentException(name + " must be from 0 to 365 days, not " + delay);
    }
  }

  /** 3 attempts; waits start at 1 s and double up to 60 s, with jitter. */
  public static Retry exponential() {
    RetryPolicy policy = RetryPolicy.DEFAULT;
    return new Retry(
        policy.maxAttempts(),
        Duration.ofMillis(policy.minTimeoutMillis()),
        Duration.ofMillis(policy.maxTimeoutMillis()),
        policy.factor(),
        policy.randomize());
  }

  /** One attempt only. */
  public static Retry none() {
    return exponential().maxAttempts(1);
  }

  /** Attempts in all, including the first: 1 to 250. Default 3. */
  public Retry maxAttempts(int attempts) {
    return new Retry(attempts, minDelay, maxDelay, factor, jitter);
  }

  /** The first wait, from 0 to 365 days. Default 1 s. Raises {@code maxDelay} if it is shorter. */
  public Retry minDelay(Duration delay) {
    checkDelay("minDelay", delay);
    Duration longest = maxDelay.compareTo(delay) < 0 ? delay : maxDelay;
    return new Retry(maxAttempts, delay, longest, factor, jitter);
  }

  /** The longest wait, from {@code minDelay} to 365 days. Default 60 s. */
  public Retry maxDelay(Duration delay) {
    return new Retry(maxAttempts, minDelay, delay, factor, jitter);
  }

  /** How much longer each wait is than the previous one: 1 to 1,000. Default 2. */
  public Retry factor(double factor) {
    return new Retry(maxAttempts, minDelay, maxDelay, factor, jitter);
  }

  /** Whether waits are randomized, so that runs that failed together do not all return at once. */
  public Retry jitter(boolean jitter) {
    return new Retry(maxAttempts, minDelay, maxDelay, factor, jitter);
  }

  RetryPolicy policy() {
    return new RetryPolicy(maxAttempts, minDelay.toMillis(), maxDelay.toMillis(), factor, jitter);
  }
}

package dev.fanfare.sdk;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.worker.RetryPolicy;
import java.time.Duration;

/**
 * When and how often a failed run is attempted again. Immutable: each method returns another one.
 *
 * <p>The server decides by it, so it holds even when the worker that failed is gone. The wait after
 * attempt n is {@code minDelay · factor^(n-1)}, up to twice that with jitter, and at most {@code
 * maxDelay}.
 */
public final class Retry {
  private final RetryPolicy policy;

  private Retry(RetryPolicy policy) {
    this.policy = policy;
  }

  /** 3 attempts, waits from 1 s doubling up to 60 s, with jitter. */
  public static Retry exponential() {
    return new Retry(RetryPolicy.DEFAULT);
  }

  /** One attempt only. */
  public static Retry none() {
    return exponential().maxAttempts(1);
  }

  /** Attempts in all, the first included: 1 to 250. Default 3. */
  public Retry maxAttempts(int attempts) {
    if (attempts < 1 || attempts > Limits.ATTEMPTS_MAX) {
      throw new IllegalArgumentException(
          "maxAttempts must be from 1 to " + Limits.ATTEMPTS_MAX + ", not " + attempts);
    }
    return new Retry(
        new RetryPolicy(
            attempts,
            policy.minTimeoutMillis(),
            policy.maxTimeoutMillis(),
            policy.factor(),
            policy.randomize()));
  }

  /** The first wait, from 0. Default 1 s. The longest wait grows with it when it is shorter. */
  public Retry minDelay(Duration delay) {
    return new Retry(
        new RetryPolicy(
            policy.maxAttempts(),
            millis("minDelay", delay),
            Math.max(policy.maxTimeoutMillis(), delay.toMillis()),
            policy.factor(),
            policy.randomize()));
  }

  /** The longest wait, from the first wait to 365 days. Default 60 s. */
  public Retry maxDelay(Duration delay) {
    long millis = millis("maxDelay", delay);
    if (millis < policy.minTimeoutMillis()) {
      throw new IllegalArgumentException("maxDelay must not be shorter than minDelay");
    }
    return new Retry(
        new RetryPolicy(
            policy.maxAttempts(),
            policy.minTimeoutMillis(),
            millis,
            policy.factor(),
            policy.randomize()));
  }

  /** How much longer each wait is than the one before: 1 to 1,000. Default 2. */
  public Retry factor(double factor) {
    if (!(factor >= 1 && factor <= 1000)) {
      throw new IllegalArgumentException("factor must be from 1 to 1000, not " + factor);
    }
    return new Retry(
        new RetryPolicy(
            policy.maxAttempts(),
            policy.minTimeoutMillis(),
            policy.maxTimeoutMillis(),
            factor,
            policy.randomize()));
  }

  /** Whether to spread the waits, so that what failed together does not return together. */
  public Retry jitter(boolean jitter) {
    return new Retry(
        new RetryPolicy(
            policy.maxAttempts(),
            policy.minTimeoutMillis(),
            policy.maxTimeoutMillis(),
            policy.factor(),
            jitter));
  }

  private static long millis(String name, Duration delay) {
    if (delay.isNegative() || delay.compareTo(Duration.ofDays(365)) > 0) {
      throw new IllegalArgumentException(name + " must be from 0 to 365 days, not " + delay);
    }
    return delay.toMillis();
  }

  RetryPolicy policy() {
    return policy;
  }
}

package dev.fanfare.server.lease;

import dev.fanfare.protocol.worker.RetryPolicy;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** The wait between a failed attempt and the next one. */
final class Backoff {
  private Backoff() {}

  /**
   * Returns the wait after attempt {@code attempt} failed: {@code min(max, r · min ·
   * factor^(attempt-1))}, where {@code r} is random from 1 to 2, or 1 for a policy without {@code
   * randomize}.
   */
  static Duration after(RetryPolicy policy, int attempt, RandomGenerator random) {
    double spread = policy.randomize() ? 1 + random.nextDouble() : 1;
    double millis = spread * policy.minTimeoutMillis() * Math.pow(policy.factor(), attempt - 1.0);
    return Duration.ofMillis(Math.round(Math.min((double) policy.maxTimeoutMillis(), millis)));
  }
}

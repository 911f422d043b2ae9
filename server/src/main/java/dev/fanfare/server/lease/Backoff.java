package dev.fanfare.server.lease;

import dev.fanfare.protocol.worker.RetryPolicy;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long to wait before an attempt. */
final class Backoff {
  private Backoff() {}

  /**
   * The wait after attempt {@code attempt} failed: {@code min(max, r · min · factor^(attempt-1))}.
   */
  static Duration after(RetryPolicy policy, int attempt, RandomGenerator random) {
    double spread = policy.randomize() ? 1 + random.nextDouble() : 1;
    double millis = spread * policy.minTimeoutMillis() * Math.pow(policy.factor(), attempt - 1.0);
    return Duration.ofMillis(Math.round(Math.min((double) policy.maxTimeoutMillis(), millis)));
  }
}

package dev.fanfare.protocol.worker;

/**
 * When and how often a failed run is attempted again: before attempt n+1 it waits {@code
 * min(maxTimeoutMillis, r · minTimeoutMillis · factor^(n-1))}, where r is random in [1, 2) when
 * {@code randomize}, else 1.
 *
 * @param maxAttempts attempts in all, the first included; 1 to 250
 * @param minTimeoutMillis the first wait, from 0
 * @param maxTimeoutMillis the longest wait, at least {@code minTimeoutMillis}
 * @param factor growth from one wait to the next, from 1
 * @param randomize whether to spread the waits, so that runs that failed together do not return
 *     together
 */
public record RetryPolicy(
    int maxAttempts,
    long minTimeoutMillis,
    long maxTimeoutMillis,
    double factor,
    boolean randomize) {

  /** What a task gets that names none: 3 attempts, from 1 s doubling to 60 s, randomized. */
  public static final RetryPolicy DEFAULT = new RetryPolicy(3, 1_000, 60_000, 2, true);
}

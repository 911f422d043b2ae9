package dev.fanfare.protocol.worker;

/**
 * When and how often a failed run is retried. Before attempt n+1 the run waits {@code
 * min(maxTimeoutMillis, r · minTimeoutMillis · factor^(n-1))}, where r is random in [1, 2) if
 * {@code randomize} is set, and 1 otherwise.
 *
 * @param maxAttempts the maximum number of attempts, including the first; 1 to 250
 * @param minTimeoutMillis the first wait, at least 0
 * @param maxTimeoutMillis the longest wait, at least {@code minTimeoutMillis}
 * @param factor growth from one wait to the next, at least 1
 * @param randomize whether to add jitter, so that runs that failed together do not retry together
 */
public record RetryPolicy(
    int maxAttempts,
    long minTimeoutMillis,
    long maxTimeoutMillis,
    double factor,
    boolean randomize) {

  /** The default: 3 attempts, waits doubling from 1 s up to 60 s, with jitter. */
  public static final RetryPolicy DEFAULT = new RetryPolicy(3, 1_000, 60_000, 2, true);
}

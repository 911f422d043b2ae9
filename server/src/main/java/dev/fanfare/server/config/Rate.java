package dev.fanfare.server.config;

/**
 * A rate limit, as the size and refill of a token bucket.
 *
 * @param burst the capacity of the bucket, which is the maximum at once; 0 means no limit
 * @param perSecond the tokens added each second; 0 only without a limit
 */
public record Rate(int burst, int perSecond) {
  /** No limit. */
  public static final Rate NONE = new Rate(0, 0);

  /** Refuses negative numbers, and a bucket without capacity or without refill. */
  public Rate {
    if (burst < 0 || perSecond < 0 || (burst == 0) != (perSecond == 0)) {
      throw new IllegalArgumentException("A rate has a burst and a refill, or neither");
    }
  }

  /** Whether there is no limit. */
  public boolean isNone() {
    return burst == 0;
  }
}

package dev.fanfare.server.config;

/**
 * How often something may be done: from a bucket of tokens that fills again steadily.
 *
 * @param burst the most tokens in the bucket, which is the most at once; 0: no limit
 * @param perSecond how many tokens come back each second; 0 only without a limit
 */
public record Rate(int burst, int perSecond) {
  /** No limit. */
  public static final Rate NONE = new Rate(0, 0);

  /** Refuses a bucket that holds nothing or never fills. */
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

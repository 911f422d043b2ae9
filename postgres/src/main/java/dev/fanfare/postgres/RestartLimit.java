package dev.fanfare.postgres;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * How often a server that ended is restarted, and how long to pause before each restart. A server
 * that cannot stay up, because its disk is full or its data is damaged, must not be restarted
 * forever. Not thread-safe.
 */
final class RestartLimit {
  /** Failed restarts count too; with the pauses between them, they take about a minute. */
  static final int RESTARTS_MAX = 10;

  static final Duration WINDOW = Duration.ofMinutes(5);
  private static final Duration PAUSE_FIRST = Duration.ofMillis(250);
  private static final Duration PAUSE_MAX = Duration.ofSeconds(15);

  private final int restartsMax;
  private final Deque<Long> restarts = new ArrayDeque<>();

  RestartLimit(int restartsMax) {
    this.restartsMax = restartsMax;
  }

  int restartsMax() {
    return restartsMax;
  }

  /**
   * Counts one more restart.
   *
   * @param nanos the time by the monotonic clock
   * @return the pause before it: none before the first, then doubled each time; null if the limit
   *     is reached
   */
  @Nullable Duration next(long nanos) {
    while (!restarts.isEmpty() && nanos - restarts.getFirst() > WINDOW.toNanos()) {
      restarts.removeFirst();
    }
    if (restarts.size() == restartsMax) {
      return null;
    }
    int earlier = restarts.size();
    restarts.addLast(nanos);
    if (earlier == 0) {
      return Duration.ZERO;
    }
    Duration pause = PAUSE_FIRST.multipliedBy(1L << (earlier - 1));
    return pause.compareTo(PAUSE_MAX) < 0 ? pause : PAUSE_MAX;
  }
}

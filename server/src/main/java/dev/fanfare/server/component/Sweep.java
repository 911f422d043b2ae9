package dev.fanfare.server.component;

import java.time.Duration;
import java.time.Instant;

/**
 * One bounded, set-based step of upkeep, safe on every server at once and at any moment. A step is
 * of one environment, because a statement that locks rows names its environment.
 */
public interface Sweep {
  /** How long to pause after a step that found nothing more to do. */
  Duration interval();

  /**
   * Does one step as if it were {@code now}.
   *
   * @return how much it did; more than 0 means that more may be waiting
   */
  int runOnce(int environmentId, Instant now);
}

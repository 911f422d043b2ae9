package dev.fanfare.server.component;

import java.time.Duration;
import java.time.Instant;

/**
 * A kind of maintenance, done in bounded, set-based steps. Every server may run a step at any time,
 * also at the same time as others. A step works in one environment, because statements that lock
 * rows select them by their environment.
 */
public interface Sweep {
  /** The pause after a step that found nothing to do. */
  Duration interval();

  /**
   * Runs one step.
   *
   * @param now the time by which rows are due or expired
   * @return how many rows it changed; more than 0 means that more may be waiting
   */
  int runOnce(int environmentId, Instant now);
}

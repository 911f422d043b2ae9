package dev.fanfare.server.component;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A kind of maintenance, done in bounded, set-based steps. Every server may run a step at any time,
 * also at the same time as others. A step works in one environment, because statements that lock
 * rows select them by their environment.
 */
public interface Sweep {
  /**
   * Whether a step works on the whole database. Then it runs once, with 0 in place of an
   * environment.
   */
  default boolean isOfDatabase() {
    return false;
  }

  /** How often the database is asked where the sweep is due. */
  Duration interval();

  /** Asks where and when the sweep is due. Elsewhere no step runs. */
  DueQuery dueQuery();

  /**
   * Whether it matters that each step runs on time. Then the database is asked again after every
   * step, for the next one may be due before the interval is over.
   */
  default boolean isOnTime() {
    return false;
  }

  /** The pause after a step that changed something, before the next one looks for more. */
  default Duration pause() {
    return Duration.ZERO;
  }

  /**
   * The contact with the database that must precede a step, for one loop. Absent: a step needs
   * none.
   */
  default @Nullable Contact contact() {
    return null;
  }

  /** Notes that the database has answered {@link #dueQuery}. */
  default void asked() {}

  /**
   * Runs one step.
   *
   * @param now the time by which rows are due or expired
   * @return how many rows it changed; more than 0 means that more may be waiting
   */
  int runOnce(int environmentId, Instant now);
}

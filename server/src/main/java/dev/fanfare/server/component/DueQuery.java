package dev.fanfare.server.component;

import java.time.Duration;

/**
 * Asks the database where and when a sweep has something to do. The server asks for all sweeps in
 * one statement, about once a second, so a query has to be an index probe for each environment.
 *
 * @param text a query without parameters. Its rows have an {@code environment_id} and a time {@code
 *     at}; the earliest of an environment counts. A sweep of the whole database is due in
 *     environment 0
 * @param after how long after that time the sweep is due
 */
public record DueQuery(String text, Duration after) {
  /** For a query that selects the time at which the sweep is due. */
  public static DueQuery of(String text) {
    return new DueQuery(text, Duration.ZERO);
  }
}

package dev.fanfare.sdk;

import org.jspecify.annotations.Nullable;

/**
 * A named queue, which several tasks can share. Immutable.
 *
 * @param name 1 to 128 letters, digits, {@code _ - /}
 * @param concurrencyLimit how many runs of the queue execute at once, across all workers, from 1;
 *     absent: no limit
 */
public record Queue(String name, @Nullable Integer concurrencyLimit) {

  /**
   * Checks both values.
   *
   * @throws IllegalArgumentException when one is out of its bounds
   */
  public Queue {
    checkName(name);
    if (concurrencyLimit != null && concurrencyLimit < 1) {
      throw new IllegalArgumentException(
          "concurrencyLimit of queue " + name + " must be at least 1, not " + concurrencyLimit);
    }
  }

  /** A queue without a concurrency limit. */
  public static Queue named(String name) {
    return new Queue(name, null);
  }

  /** Limits how many runs of the queue execute at once, from 1. Default: no limit. */
  public Queue concurrencyLimit(int limit) {
    return new Queue(name, limit);
  }

  static void checkName(String name) {
    if (!name.matches("[A-Za-z0-9_\\-/]{1,128}")) {
      throw new IllegalArgumentException(
          "A queue's name must be 1 to 128 letters, digits, _ - or /, not: " + name);
    }
  }
}

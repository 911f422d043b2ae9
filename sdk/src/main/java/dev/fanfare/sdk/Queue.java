package dev.fanfare.sdk;

import org.jspecify.annotations.Nullable;

/**
 * A queue that tasks share. Immutable.
 *
 * @param name letters, digits, {@code _ - /}; at most 128
 * @param concurrencyLimit how many runs of the queue execute at once, on all workers together, from
 *     1; absent: no limit
 */
public record Queue(String name, @Nullable Integer concurrencyLimit) {

  /** Refuses a name or limit that no server takes. */
  public Queue {
    checkName(name);
    if (concurrencyLimit != null && concurrencyLimit < 1) {
      throw new IllegalArgumentException(
          "The concurrency limit of queue " + name + " must be at least 1");
    }
  }

  /** A queue without a limit. */
  public static Queue named(String name) {
    return new Queue(name, null);
  }

  /** The same queue with a limit. */
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

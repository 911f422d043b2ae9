package dev.fanfare.server.http;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The limit on the request bodies that the server holds in memory at once. A body takes its share
 * while it is read, and returns it when its request ends. When the budget is used up, the request
 * is refused, not queued: a flood of requests must not use memory. Thread-safe.
 */
final class BodyBudget {
  private final long max;
  private final AtomicLong taken = new AtomicLong();

  BodyBudget(long max) {
    this.max = max;
  }

  /**
   * Takes {@code bytes}, or nothing when they exceed what is left. Compares before it adds: to add
   * first and subtract on failure could refuse a concurrent request that fits.
   */
  boolean take(long bytes) {
    while (true) {
      long before = taken.get();
      if (before + bytes > max) {
        return false;
      }
      if (taken.compareAndSet(before, before + bytes)) {
        return true;
      }
    }
  }

  void giveBack(long bytes) {
    taken.addAndGet(-bytes);
  }
}

package dev.fanfare.server.http;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of request bodies the server holds at once. A body takes its share before it is
 * read and gives it back when its request ends; when nothing is left the request is refused, never
 * queued, so a flood costs refusals and not memory.
 */
final class BodyBudget {
  private final long max;
  private final AtomicLong taken = new AtomicLong();

  BodyBudget(long max) {
    this.max = max;
  }

  /** Never adds what it then takes back: that could refuse another, who fits. */
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

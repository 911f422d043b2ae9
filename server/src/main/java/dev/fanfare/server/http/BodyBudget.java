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

  boolean take(long bytes) {
    if (taken.addAndGet(bytes) > max) {
      taken.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  void giveBack(long bytes) {
    taken.addAndGet(-bytes);
  }
}

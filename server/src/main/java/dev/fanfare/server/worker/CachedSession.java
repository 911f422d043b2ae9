package dev.fanfare.server.worker;

import dev.fanfare.server.lease.KnownLeases;
import dev.fanfare.server.lease.Session;
import dev.fanfare.server.queue.ReadyStore.Position;
import java.time.Duration;

/** A session that this server knows, as its calls share it. Thread-safe. */
final class CachedSession {
  final Session session;

  final KnownLeases leases;

  /** The lane after which the session's next claim starts. */
  volatile Position last = Position.START;

  private volatile long renewedNanos = System.nanoTime();
  private volatile int newestPoll;
  private volatile boolean closed;

  CachedSession(Session session) {
    this.session = session;
    this.leases = new KnownLeases(session);
  }

  void renewed() {
    renewedNanos = System.nanoTime();
  }

  /** Whether the session was renewed within this time. */
  boolean isRenewedWithin(Duration time) {
    return System.nanoTime() - renewedNanos < time.toNanos();
  }

  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  /** Notes that the worker makes this poll, so that it no longer waits for the earlier ones. */
  synchronized void polls(int number) {
    newestPoll = Math.max(newestPoll, number);
  }

  /** Whether the worker still waits for this poll. A poll without a number has no successors. */
  boolean isNewest(int number) {
    return number == 0 || number >= newestPoll;
  }
}

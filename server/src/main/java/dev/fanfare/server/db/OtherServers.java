package dev.fanfare.server.db;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Whether other servers may be using the database. A server that is alone sends no signals, because
 * each costs a transaction. So servers greet each other when they begin to listen, and from then on
 * every 10 seconds until they have heard nothing for 30. A trigger that precedes the first greeting
 * of another server by a moment is not signaled to it: its check of each second finds the runs.
 * Thread-safe.
 */
final class OtherServers {
  static final Duration GREETING_INTERVAL = Duration.ofSeconds(10);
  static final Duration REMEMBERED = Duration.ofSeconds(30);

  private final LongSupplier nanos;
  private volatile boolean listening;
  private volatile long heardNanos;
  private volatile long greetedNanos;

  /**
   * @param nanos a clock as {@link System#nanoTime}
   */
  OtherServers(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /** Notes that this server hears others from now on. */
  void listening() {
    heardNanos = nanos.getAsLong(); // it may have missed some
    greetedNanos = heardNanos - GREETING_INTERVAL.toNanos();
    listening = true;
  }

  /** Notes that this server hears nobody from now on. */
  void deaf() {
    listening = false;
  }

  /** Notes a message of another server. */
  void heard() {
    heardNanos = nanos.getAsLong();
  }

  /** Whether there may be others: this server has heard one, or it would not hear them. */
  boolean mayExist() {
    return !listening || nanos.getAsLong() - heardNanos < REMEMBERED.toNanos();
  }

  /** Whether to greet the others now. */
  boolean isGreetingDue() {
    return listening
        && mayExist()
        && nanos.getAsLong() - greetedNanos >= GREETING_INTERVAL.toNanos();
  }

  /** Notes that the others were greeted. */
  void greeted() {
    greetedNanos = nanos.getAsLong();
  }
}

package dev.fanfare.testkit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A clock that stands still until a test moves it. It truncates instants to microseconds, the
 * precision of PostgreSQL, so a stored time equals the original when it is read back.
 *
 * <p>Thread-safe.
 */
public final class SettableClock implements InstantSource {
  private final AtomicReference<Instant> now;

  /** Creates a clock set to the current time. */
  public SettableClock() {
    this(Instant.now());
  }

  /** Creates a clock set to {@code start}. */
  public SettableClock(Instant start) {
    now = new AtomicReference<>(start.truncatedTo(ChronoUnit.MICROS));
  }

  @Override
  public Instant instant() {
    return now.get();
  }

  /** Sets the clock to {@code time}, forward or back. */
  public void set(Instant time) {
    now.set(time.truncatedTo(ChronoUnit.MICROS));
  }

  /** Moves the clock by {@code span}, back if it is negative, and returns the new time. */
  public Instant advance(Duration span) {
    return now.updateAndGet(time -> time.plus(span).truncatedTo(ChronoUnit.MICROS));
  }

  @Override
  public String toString() {
    return "SettableClock at " + now;
  }
}

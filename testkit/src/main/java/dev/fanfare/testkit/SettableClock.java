package dev.fanfare.testkit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A clock that stands still until a test moves it. Instants are cut to microseconds, which is what
 * PostgreSQL keeps, so a time that went through the database equals the one that went in.
 *
 * <p>Safe for use by many threads.
 */
public final class SettableClock implements InstantSource {
  private final AtomicReference<Instant> now;

  /** A clock that shows the present moment. */
  public SettableClock() {
    this(Instant.now());
  }

  /** A clock that shows {@code start}. */
  public SettableClock(Instant start) {
    now = new AtomicReference<>(start.truncatedTo(ChronoUnit.MICROS));
  }

  @Override
  public Instant instant() {
    return now.get();
  }

  /** Moves the clock to {@code time}, forward or back. */
  public void set(Instant time) {
    now.set(time.truncatedTo(ChronoUnit.MICROS));
  }

  /** Moves the clock by {@code span}, back when negative, and returns what it shows then. */
  public Instant advance(Duration span) {
    return now.updateAndGet(time -> time.plus(span).truncatedTo(ChronoUnit.MICROS));
  }

  @Override
  public String toString() {
    return "SettableClock at " + now;
  }
}

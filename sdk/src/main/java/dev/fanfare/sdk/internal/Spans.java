package dev.fanfare.sdk.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** Checks of durations and times that callers pass: each is taken, or refused by its name. */
public final class Spans {
  /** A century, the longest time that the server accepts. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999Z");

  private Spans() {}

  /** The duration in nanoseconds; about 292 years for a longer one. */
  public static long nanos(Duration duration) {
    return TimeUnit.NANOSECONDS.convert(duration);
  }

  /** A duration to wait for, of any length; not negative. */
  public static Duration patience(String name, Duration duration) {
    Objects.requireNonNull(duration, () -> name + " must not be null");
    if (duration.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative, but is " + duration);
    }
    return duration;
  }

  /** A duration from {@code least} to 36,500 days. */
  public static Duration between(String name, Duration least, Duration duration) {
    Objects.requireNonNull(duration, () -> name + " must not be null");
    if (duration.compareTo(least) < 0 || duration.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "%s must be from %s to 36,500 days, not %s"
              .formatted(name, least.isZero() ? "0" : least.toSeconds() + " s", duration));
    }
    return duration;
  }

  /** Whole seconds, rounded up, so that a short duration does not become none. */
  public static long seconds(Duration duration) {
    return duration.getSeconds() + (duration.getNano() > 0 ? 1 : 0);
  }

  /** A time from 1970 to the year 9999; an earlier or later one becomes the nearest of these. */
  public static Instant time(String name, Instant time) {
    Objects.requireNonNull(time, () -> name + " must not be null");
    if (time.isBefore(Instant.EPOCH)) {
      return Instant.EPOCH;
    }
    return time.isAfter(LATEST) ? LATEST : time;
  }
}

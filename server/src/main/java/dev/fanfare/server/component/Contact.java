package dev.fanfare.server.component;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How long a server has been in touch with the database without a break. Nobody can renew anything
 * while the database is away, so a sweep that takes something from those who did not renew it in
 * time must first leave them time to do so.
 *
 * <p>Contact begins with the first reading of the database's clock and ends with a failure. It also
 * begins anew when two readings are much farther apart than usual, or the second is earlier: then
 * the database or this process was frozen, or another database with another clock took over. For
 * use by one thread.
 */
public final class Contact {
  /** Farther apart than usual by this factor: a slow database is no outage. */
  private static final int MUCH = 4;

  /**
   * A new distance changes what is usual by this fraction, so that one outage is soon forgotten.
   */
  private static final int SMOOTHING = 8;

  private final Duration needed;
  private final Duration gapMax;
  private long usualMillis;
  private @Nullable Instant since;
  private @Nullable Instant last;

  /**
   * No contact yet.
   *
   * @param needed how long a contact must last
   * @param gapMax a distance between two readings that is no break, even if it is unusual
   * @param interval the usual distance, at first
   */
  public Contact(Duration needed, Duration gapMax, Duration interval) {
    this.needed = needed;
    this.gapMax = gapMax;
    this.usualMillis = interval.toMillis();
  }

  /** Notes a reading of the database's clock; returns whether contact has lasted long enough. */
  boolean lastsAt(Instant now) {
    Instant before = last;
    Instant began = since;
    if (before != null) {
      long gapMillis = Duration.between(before, now).toMillis();
      if (gapMillis < 0 || gapMillis > Math.max(gapMax.toMillis(), MUCH * usualMillis)) {
        began = null;
      }
      usualMillis += (Math.abs(gapMillis) - usualMillis) / SMOOTHING;
    }
    if (began == null) {
      began = now;
    }
    since = began;
    last = now;
    return !now.isBefore(began.plus(needed));
  }

  /** Notes that the database could not be reached. */
  void breakOff() {
    since = null;
    last = null;
  }
}

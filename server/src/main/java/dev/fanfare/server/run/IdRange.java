package dev.fanfare.server.run;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A range of run ids, and the order in which a list goes through it. Ids begin with the time of
 * their creation in milliseconds, so a range of ids is a range of time.
 *
 * @param least the least id of the range
 * @param before greater than every id of the range
 * @param isNewestFirst whether the list begins at the greatest id
 */
record IdRange(UUID least, UUID before, boolean isNewestFirst) {
  private static final UUID MIN = new UUID(0, 0);
  private static final UUID MAX = new UUID(-1, -1);
  private static final long MILLIS_MAX = (1L << 48) - 1;

  /**
   * The time in an id may differ from the time of its run's creation: ids never go back, even if
   * the clock does, and a large batch takes a while.
   */
  private static final Duration TOLERANCE = Duration.ofMinutes(10);

  /** The order of PostgreSQL, which compares all bits as one unsigned number. */
  private static final Comparator<UUID> ORDER =
      Comparator.comparing(UUID::getMostSignificantBits, Long::compareUnsigned)
          .thenComparing(UUID::getLeastSignificantBits, Long::compareUnsigned);

  /**
   * All ids that are older than this one, newest first.
   *
   * @param id absent: all ids
   */
  static IdRange olderThan(@Nullable UUID id) {
    return new IdRange(MIN, id == null ? MAX : id, true);
  }

  /** All ids that are newer than this one, oldest first. */
  static IdRange newerThan(UUID id) {
    return new IdRange(MIN, MAX, false).after(id);
  }

  /**
   * The ids of this range that runs created in this time can have.
   *
   * @param from inclusive; absent: no lower bound
   * @param to inclusive; absent: no upper bound
   */
  IdRange createdBetween(@Nullable Instant from, @Nullable Instant to) {
    UUID first = from == null ? MIN : first(from.minus(TOLERANCE));
    UUID end = to == null ? MAX : first(to.plus(TOLERANCE));
    return new IdRange(
        ORDER.compare(first, least) > 0 ? first : least,
        ORDER.compare(end, before) < 0 ? end : before,
        isNewestFirst);
  }

  private static UUID first(Instant time) {
    return new UUID(Math.clamp(time.toEpochMilli(), 0, MILLIS_MAX) << 16, 0);
  }

  /** What follows this id in the order of the range. */
  IdRange after(UUID id) {
    return isNewestFirst ? new IdRange(least, id, true) : new IdRange(successor(id), before, false);
  }

  private static UUID successor(UUID id) {
    long low = id.getLeastSignificantBits() + 1;
    long high = id.getMostSignificantBits() + (low == 0 ? 1 : 0);
    return id.equals(MAX) ? id : new UUID(high, low);
  }

  /** Whether {@code id} comes later in the order of the range than {@code other}. */
  boolean isFurther(UUID id, UUID other) {
    int order = ORDER.compare(id, other);
    return isNewestFirst ? order < 0 : order > 0;
  }
}

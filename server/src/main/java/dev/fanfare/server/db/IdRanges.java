package dev.fanfare.server.db;

import java.time.Duration;
import java.time.InstantSource;
import java.util.LongSummaryStatistics;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Turns ids into conditions on the time in them, so that a statement touches only the partitions
 * that can contain them. The tables that grow with the runs are partitioned by their ids, UUIDs of
 * version 7, which begin with 48 bits of Unix milliseconds.
 *
 * <p>A condition names the ranges of a fixed grid of time. It is correct for any partitions: where
 * these follow the same grid, each range lies in one of them. Immutable.
 */
public final class IdRanges {
  /** Ids spread over more ranges than this are bounded only at both ends. */
  private static final int RANGES_MAX = 4;

  /** Older ids are one range, so that odd ids cannot make many different statements. */
  private static final int PAST_MAX = 64;

  private static final int FUTURE_MAX = 2;

  /** The share of a range for which the range before it is recent, too. */
  private static final int RECENT_SHARE = 8;

  /** The grid begins on a Monday, so that weeks do. */
  private static final long ORIGIN_MILLIS = Duration.ofDays(4).toMillis();

  private static final long LAST_MILLIS = (1L << 48) - 1;

  private final long widthMillis;
  private final InstantSource clock;

  /**
   * A grid.
   *
   * @param width the width of a range, at least one millisecond
   * @param clock decides which ranges are recent, and which are too old to be told apart
   */
  public IdRanges(Duration width, InstantSource clock) {
    this.widthMillis = width.toMillis();
    this.clock = clock;
  }

  /** The least id with this time. */
  public static UUID first(long millis) {
    return new UUID(millis << 16, 0);
  }

  /** The time in an id, in Unix milliseconds. */
  public static long millis(UUID id) {
    return id.getMostSignificantBits() >>> 16;
  }

  /** The first millisecond of the range that contains this one. */
  public long start(long millis) {
    return startOf(range(millis));
  }

  /** The first millisecond after the range that contains this one. */
  public long end(long millis) {
    return startOf(range(millis) + 1);
  }

  private long range(long millis) {
    return Math.floorDiv(millis - ORIGIN_MILLIS, widthMillis);
  }

  private long startOf(long range) {
    return range * widthMillis + ORIGIN_MILLIS;
  }

  /** The present, in Unix milliseconds. */
  long now() {
    return clock.millis();
  }

  /**
   * A condition that is true for all ids of the ranges that contain these.
   *
   * @param column the column that is compared
   * @param ids an id or an array of ids
   * @param millis the present; the conditions of one statement must have the same
   */
  String within(String column, Object ids, long millis) {
    UUID[] all = array(ids);
    if (all.length == 0) {
      return "false";
    }
    long now = range(millis);
    long first = Long.MAX_VALUE;
    long last = Long.MIN_VALUE;
    for (UUID id : all) {
      long range = told(range(millis(id)), now);
      first = Math.min(first, range);
      last = Math.max(last, range);
    }
    if (last - first < 2) {
      return between(column, first, last, now);
    }
    TreeSet<Long> ranges = new TreeSet<>();
    for (UUID id : all) {
      ranges.add(told(range(millis(id)), now));
    }
    return ranges.size() > RANGES_MAX
        ? between(column, first, last, now)
        : ranges.stream()
            .map(range -> between(column, range, range, now))
            .collect(Collectors.joining(" or ", "(", ")"));
  }

  /** A condition that is true for all ids from the least to the greatest of these. */
  String across(String column, Object ids, long millis) {
    long now = range(millis);
    LongSummaryStatistics ranges =
        Stream.of(array(ids)).mapToLong(id -> told(range(millis(id)), now)).summaryStatistics();
    return ranges.getCount() == 0
        ? "false"
        : between(column, ranges.getMin(), ranges.getMax(), now);
  }

  /** A condition that is true for all ids of the ranges that contain these, and all later ones. */
  String since(String column, Object ids, long millis) {
    long now = range(millis);
    return Stream.of(array(ids))
        .map(id -> told(range(millis(id)), now))
        .min(Long::compare)
        .map(first -> between(column, first, now + FUTURE_MAX, now))
        .orElse("false");
  }

  /**
   * A condition that is true for all ids of the present range, and at its beginning also for those
   * of the one before it. Usually that is one partition, whose plan is much cheaper than that of
   * two: it need not choose between them for each id.
   */
  String recent(String column, long millis) {
    return between(
        column, range(millis - widthMillis / RECENT_SHARE), range(millis), range(millis));
  }

  private static UUID[] array(Object ids) {
    return switch (ids) {
      case UUID id -> new UUID[] {id};
      case UUID[] all -> all;
      default -> throw new IllegalArgumentException("Not ids: " + ids.getClass());
    };
  }

  private static long told(long range, long now) {
    return Math.clamp(range, now - PAST_MAX, now + FUTURE_MAX);
  }

  private String between(String column, long first, long last, long now) {
    String from = first == now - PAST_MAX ? "true" : column + " >= '" + bound(first) + "'";
    String to = last == now + FUTURE_MAX ? "true" : column + " < '" + bound(last + 1) + "'";
    return "(" + from + " and " + to + ")";
  }

  private UUID bound(long range) {
    return first(Math.clamp(startOf(range), 0, LAST_MILLIS));
  }
}

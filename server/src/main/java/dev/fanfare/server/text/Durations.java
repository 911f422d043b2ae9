package dev.fanfare.server.text;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Parses durations and times of the API, such as {@code 1h30m}, {@code 2w} or an ISO 8601 date. */
public final class Durations {
  private static final int CHARS_MAX = 100;
  private static final Pattern DURATION = Pattern.compile("(?:\\d{1,9}(?:w|d|hr|h|m|s))+");
  private static final Pattern PART = Pattern.compile("(\\d{1,9})(w|d|hr|h|m|s)");
  private static final Pattern KEY_TTL = Pattern.compile("(\\d{1,9})([smhd])");

  /**
   * The maximum duration, about 100 years. The end of a longer one could exceed PostgreSQL's range.
   */
  public static final Duration LONGEST = Duration.ofDays(36_500);

  /** The maximum lifetime of an idempotency key, so that no key is stored forever. */
  public static final Duration KEY_TTL_MAX = Duration.ofDays(366);

  /** The latest time: every client can represent years of four digits. */
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  private Durations() {}

  /**
   * Parses a duration. Units may come in any order; of a repeated unit only the first counts.
   * Returns {@code null} for an invalid text.
   */
  public static @Nullable Duration duration(String text) {
    if (text.length() > CHARS_MAX || !DURATION.matcher(text).matches()) {
      return null;
    }
    Duration sum = Duration.ZERO;
    Set<String> seen = new HashSet<>();
    Matcher part = PART.matcher(text);
    while (part.find()) {
      String unit = part.group(2).equals("hr") ? "h" : part.group(2);
      if (seen.add(unit)) {
        sum = sum.plus(seconds(unit).multipliedBy(Long.parseLong(part.group(1))));
      }
    }
    return sum;
  }

  private static Duration seconds(String unit) {
    return switch (unit) {
      case "w" -> Duration.ofDays(7);
      case "d" -> Duration.ofDays(1);
      case "h" -> Duration.ofHours(1);
      case "m" -> Duration.ofMinutes(1);
      default -> Duration.ofSeconds(1);
    };
  }

  /**
   * Parses a delay, a duration from {@code now} or a time, and returns its end, at most the year
   * 9999. Returns {@code null} for an invalid text.
   */
  public static @Nullable Instant end(String delay, Instant now) {
    Duration duration = duration(delay);
    Instant end = duration == null ? date(delay) : now.plus(duration);
    return end != null && end.isAfter(LATEST) ? LATEST : end;
  }

  /**
   * Parses a date, with or without a time. The default zone is UTC. Returns {@code null} for an
   * invalid text.
   */
  public static @Nullable Instant date(String text) {
    if (text.length() > CHARS_MAX) {
      return null;
    }
    try {
      if (text.length() == 10) {
        return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
      }
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      try {
        return OffsetDateTime.parse(text + "Z").toInstant();
      } catch (DateTimeParseException again) {
        return null;
      }
    }
  }

  /**
   * Parses the lifetime of an idempotency key, {@code <n>} and one of {@code s m h d}, at most
   * {@link #KEY_TTL_MAX}. Returns {@code byDefault} for any other text, as the API documents.
   */
  public static Duration keyTtl(@Nullable String text, Duration byDefault) {
    if (text == null) {
      return byDefault;
    }
    Matcher matcher = KEY_TTL.matcher(text);
    if (!matcher.matches()) {
      return byDefault;
    }
    Duration ttl = seconds(matcher.group(2)).multipliedBy(Long.parseLong(matcher.group(1)));
    return ttl.compareTo(KEY_TTL_MAX) < 0 ? ttl : KEY_TTL_MAX;
  }

  /** Formats a number of seconds, such as {@code 1h30m}; {@code null} for 0. */
  public static @Nullable String text(long seconds) {
    StringBuilder text = new StringBuilder();
    long rest = seconds;
    for (String unit : new String[] {"w", "d", "h", "m", "s"}) {
      long size = seconds(unit).toSeconds();
      if (rest >= size) {
        text.append(rest / size).append(unit);
        rest %= size;
      }
    }
    return text.isEmpty() ? null : text.toString();
  }
}

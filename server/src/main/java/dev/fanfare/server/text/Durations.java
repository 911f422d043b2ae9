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

/** Durations and times as the public API writes them: {@code 1h30m}, {@code 2w}, an ISO date. */
public final class Durations {
  private static final int CHARS_MAX = 100;
  private static final Pattern DURATION = Pattern.compile("(?:\\d{1,9}(?:w|d|hr|h|m|s))+");
  private static final Pattern PART = Pattern.compile("(\\d{1,9})(w|d|hr|h|m|s)");
  private static final Pattern KEY_TTL = Pattern.compile("(\\d{1,9})([smhd])");

  /** Longer is as good as for ever, and its end may lie beyond what a database can hold. */
  public static final Duration LONGEST = Duration.ofDays(36_500);

  /** What PostgreSQL and every client can still write as a date. */
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  private Durations() {}

  /** A duration in any order of units, each unit counted once; {@code null} when it is none. */
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
   * When a delay ends that is written as a duration or as a time, though not so late that a
   * database could not hold it; {@code null} when it is neither.
   */
  public static @Nullable Instant end(String delay, Instant now) {
    Duration duration = duration(delay);
    Instant end = duration == null ? date(delay) : now.plus(duration);
    return end != null && end.isAfter(LATEST) ? LATEST : end;
  }

  /** A time as date and time, or a date alone; without a zone it is UTC. {@code null}: neither. */
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
   * A key's lifetime; anything that is not {@code <n>[smhd]} is {@code otherwise}, as documented.
   */
  public static Duration keyTtl(@Nullable String text, Duration otherwise) {
    if (text == null) {
      return otherwise;
    }
    Matcher matcher = KEY_TTL.matcher(text);
    if (!matcher.matches()) {
      return otherwise;
    }
    Duration ttl = seconds(matcher.group(2)).multipliedBy(Long.parseLong(matcher.group(1)));
    return ttl.compareTo(LONGEST) < 0 ? ttl : LONGEST;
  }

  /** A number of seconds as it is shown: {@code 1h30m}; {@code null} when it is none. */
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

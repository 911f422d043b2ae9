package dev.fanfare.server.access.http;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads the expiration time of a token: unix seconds, or a time span such as {@code 15m}. */
final class ExpirationTime {
  private static final Pattern SPAN =
      Pattern.compile(
          "([+-])? ?(\\d{1,12}(?:\\.\\d{1,9})?) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?"
              + "|d|days?|w|weeks?|y|yrs?|years?)( from now| ago)?");

  /** The latest time in unix seconds: ISO 8601 dates end with the year 9999. */
  private static final long LATEST = Instant.parse("9999-12-31T00:00:00Z").getEpochSecond();

  private ExpirationTime() {}

  /** The expiration time, or {@code null} when {@code value} is not valid. */
  static @Nullable Instant read(JsonNode value, Instant now) {
    if (value.isNumber()) {
      double seconds = Double.parseDouble(value.asString()); // infinite if it is out of range
      return Math.abs(seconds) <= LATEST ? Instant.ofEpochSecond((long) seconds) : null;
    }
    Matcher span = SPAN.matcher(value.asString("").toLowerCase(Locale.ROOT));
    if (!value.isString() || !span.matches()) {
      return null;
    }
    String direction = span.group(4);
    if (direction != null && span.group(1) != null) {
      return null; // two directions
    }
    boolean past = "-".equals(span.group(1)) || " ago".equals(direction);
    double seconds = Double.parseDouble(span.group(2)) * unit(span.group(3).charAt(0)).toSeconds();
    double moment = now.getEpochSecond() + (past ? -seconds : seconds);
    return Math.abs(moment) <= LATEST ? Instant.ofEpochSecond((long) moment) : null;
  }

  private static Duration unit(char letter) {
    return switch (letter) {
      case 's' -> Duration.ofSeconds(1);
      case 'm' -> Duration.ofMinutes(1);
      case 'h' -> Duration.ofHours(1);
      case 'd' -> Duration.ofDays(1);
      case 'w' -> Duration.ofDays(7);
      default -> Duration.ofHours(8_766); // a year of 365.25 days
    };
  }
}

package dev.fanfare.server.trigger.http;

import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.text.Durations;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The option {@code debounce} of one item while it is read. */
final class DebounceOption {
  private static final String EXAMPLE = "It must be a duration such as 30s or 1h30m";

  @Nullable String key;
  @Nullable String delay;
  @Nullable String maxDelay;
  boolean trailing;

  /**
   * Validates the option after all options were read; rejects invalid durations with 422.
   *
   * @param at the prefix of messages, which names the item
   * @param delayed whether the item also has {@code options.delay}
   */
  NewRun.Debounce checked(String at, boolean delayed) {
    String text = String.valueOf(delay);
    Duration each = Durations.duration(text);
    if (each == null || each.isZero()) {
      throw new HttpError(
          422,
          at
              + (delayed
                  ? "Invalid debounce delay: " + RequestTexts.shortened(text) + ". " + EXAMPLE + "."
                  : "Debounce requires a valid delay duration. Provided: "
                      + RequestTexts.shortened(text)));
    }
    // Capped, because a later time would exceed the range of timestamps.
    Duration capped = each.compareTo(Durations.LONGEST) > 0 ? Durations.LONGEST : each;
    return new NewRun.Debounce(
        String.valueOf(key), capped, trailing, longest(at, maxDelay, each, text));
  }

  private static @Nullable Duration longest(
      String at, @Nullable String maxDelay, Duration delay, String delayText) {
    if (maxDelay == null) {
      return null;
    }
    Duration longest = Durations.duration(maxDelay);
    if (longest == null) {
      throw new HttpError(
          422,
          at
              + "Invalid debounce maxDelay: "
              + RequestTexts.shortened(maxDelay)
              + ". "
              + EXAMPLE
              + ".");
    }
    if (longest.compareTo(delay) <= 0) {
      throw new HttpError(
          422,
          at
              + "debounce.maxDelay ("
              + RequestTexts.shortened(maxDelay)
              + ") must be longer than debounce.delay ("
              + RequestTexts.shortened(delayText)
              + ").");
    }
    return longest;
  }
}

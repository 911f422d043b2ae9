package dev.fanfare.server.trigger.http;

import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Texts;
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
   * What it says, once all options were read. Durations that make no sense are broken rules.
   *
   * @param at names the item in front of a text that is fixed
   * @param delayed whether the item has a delay of its own, which the first run waits for
   */
  NewRun.Debounce checked(String at, boolean delayed) {
    String text = String.valueOf(delay);
    Duration each = Durations.duration(text);
    if (each == null || each.isZero()) {
      throw new HttpError(
          422,
          at
              + (delayed
                  ? "Invalid debounce delay: " + Texts.shortened(text) + ". " + EXAMPLE + "."
                  : "Debounce requires a valid delay duration. Provided: "
                      + Texts.shortened(text)));
    }
    // So far away that no date can be written, it is as good as never.
    Duration shortest = each.compareTo(Durations.LONGEST) > 0 ? Durations.LONGEST : each;
    return new NewRun.Debounce(
        String.valueOf(key), shortest, trailing, longest(at, maxDelay, each, text));
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
          at + "Invalid debounce maxDelay: " + Texts.shortened(maxDelay) + ". " + EXAMPLE + ".");
    }
    if (longest.compareTo(delay) <= 0) {
      throw new HttpError(
          422,
          at
              + "debounce.maxDelay ("
              + Texts.shortened(maxDelay)
              + ") must be longer than debounce.delay ("
              + Texts.shortened(delayText)
              + ").");
    }
    return longest;
  }
}

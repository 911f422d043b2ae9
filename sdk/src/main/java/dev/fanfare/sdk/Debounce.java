package dev.fanfare.sdk;

import dev.fanfare.protocol.Limits;
import dev.fanfare.sdk.internal.Spans;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Coalesces triggers with the same key into one run. The first trigger creates a run that is due
 * after a delay; while it is delayed, each further trigger postpones it and returns its id.
 * Immutable.
 *
 * @param key 1 to 512 characters; unique within the task and environment
 * @param delay how long after the latest trigger the run is due, rounded up to seconds; must be
 *     positive. If the first trigger has a delay of its own, that one counts until another trigger
 *     follows
 * @param isTrailing whether the run takes payload, metadata, tags, max attempts, max duration and
 *     machine from the latest trigger that sets them; otherwise it keeps those of the first
 * @param maxDelay how long after the run's creation this trigger may postpone it, rounded up to
 *     seconds; must be longer than {@code delay}. A trigger that would exceed it creates a new run.
 *     Absent: the server's limit, by default none
 */
public record Debounce(
    String key, Duration delay, boolean isTrailing, @Nullable Duration maxDelay) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException when one is out of its bounds
   */
  public Debounce {
    if (key.isEmpty() || key.length() > Limits.DEBOUNCE_KEY_CHARS_MAX) {
      throw new IllegalArgumentException(
          "A debounce key must have 1 to " + Limits.DEBOUNCE_KEY_CHARS_MAX + " characters");
    }
    Objects.requireNonNull(delay, "The delay of a debounce must not be null");
    if (!delay.isPositive()) {
      throw new IllegalArgumentException("A debounce delay must be positive, not " + delay);
    }
    Spans.between("The delay of a debounce", Duration.ZERO, delay);
    if (maxDelay != null) {
      Spans.between("maxDelay", Duration.ZERO, maxDelay);
    }
    if (maxDelay != null && Spans.seconds(maxDelay) <= Spans.seconds(delay)) {
      throw new IllegalArgumentException(
          "maxDelay must be longer than the delay of " + delay + ", not " + maxDelay);
    }
  }

  /** The run keeps the payload and options of the first trigger. */
  public static Debounce leading(String key, Duration delay) {
    return new Debounce(key, delay, false, null);
  }

  /** The run takes the payload and options of the latest trigger. */
  public static Debounce trailing(String key, Duration delay) {
    return new Debounce(key, delay, true, null);
  }

  /** Limits how long the run can be postponed, counted from its creation. Default: no limit. */
  public Debounce maxDelay(Duration limit) {
    return new Debounce(key, delay, isTrailing, limit);
  }

  Map<String, Object> wire() {
    Map<String, Object> wire = new LinkedHashMap<>();
    wire.put("key", key);
    wire.put("delay", Spans.seconds(delay) + "s");
    wire.put("mode", isTrailing ? "trailing" : "leading");
    if (maxDelay != null) {
      wire.put("maxDelay", Spans.seconds(maxDelay) + "s");
    }
    return wire;
  }
}

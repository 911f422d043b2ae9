package dev.fanfare.sdk;

import dev.fanfare.protocol.Limits;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gathers triggers in one run: the first makes a run that is due after a delay, and while that one
 * waits, each further trigger with the same key makes none, lets it wait longer and is answered
 * with it. Immutable.
 *
 * @param key 1 to 512 characters; unique for the task and the environment
 * @param delay how long after the last trigger the run is due, rounded up to seconds; longer than
 *     nothing. A delay of the trigger's own says when the run is due if no other follows
 * @param isTrailing whether the run takes payload, metadata, tags, attempts, duration limit and
 *     machine of the newest trigger that names them, and not those of the first
 * @param maxDelay how long after the run's creation this trigger lets it wait, rounded up to
 *     seconds; longer than {@code delay}. A trigger that exceeds it makes a new run. Absent: what
 *     the server allows, by default for ever
 */
public record Debounce(
    String key, Duration delay, boolean isTrailing, @Nullable Duration maxDelay) {

  /** Refuses what no server takes. */
  public Debounce {
    if (key.isEmpty() || key.length() > Limits.DEBOUNCE_KEY_CHARS_MAX) {
      throw new IllegalArgumentException(
          "A debounce key must have 1 to " + Limits.DEBOUNCE_KEY_CHARS_MAX + " characters");
    }
    if (!delay.isPositive()) {
      throw new IllegalArgumentException("A debounce delay must be positive, not " + delay);
    }
    if (maxDelay != null
        && TriggerOptions.wholeSeconds(maxDelay) <= TriggerOptions.wholeSeconds(delay)) {
      throw new IllegalArgumentException(
          "maxDelay must be longer than the delay of " + delay + ", not " + maxDelay);
    }
  }

  /** The run keeps the payload and the rest of the first trigger. */
  public static Debounce leading(String key, Duration delay) {
    return new Debounce(key, delay, false, null);
  }

  /** The run takes the payload and the rest of the newest trigger. */
  public static Debounce trailing(String key, Duration delay) {
    return new Debounce(key, delay, true, null);
  }

  /** The same with a limit on how long the run waits, counted from its creation. */
  public Debounce maxDelay(Duration limit) {
    return new Debounce(key, delay, isTrailing, limit);
  }

  Map<String, Object> wire() {
    Map<String, Object> wire = new LinkedHashMap<>();
    wire.put("key", key);
    wire.put("delay", TriggerOptions.wholeSeconds(delay) + "s");
    wire.put("mode", isTrailing ? "trailing" : "leading");
    if (maxDelay != null) {
      wire.put("maxDelay", TriggerOptions.wholeSeconds(maxDelay) + "s");
    }
    return wire;
  }
}

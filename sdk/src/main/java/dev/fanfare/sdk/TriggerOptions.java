package dev.fanfare.sdk;

import dev.fanfare.protocol.Limits;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a trigger says beside its payload. Immutable: each method returns another one. Whatever is
 * left out has the default that its method names.
 */
public final class TriggerOptions {
  private static final TriggerOptions NONE = new TriggerOptions(Map.of());

  private final Map<String, Object> wire;

  private TriggerOptions(Map<String, Object> wire) {
    this.wire = wire;
  }

  /** No options, to begin with. */
  public static TriggerOptions options() {
    return NONE;
  }

  /**
   * Makes the same trigger sent twice one run: a key that was used for the task within its lifetime
   * answers with the run it made. At most 2,048 characters. Default: every trigger is a new run.
   */
  public TriggerOptions idempotencyKey(String key) {
    if (key.isEmpty() || key.length() > Limits.IDEMPOTENCY_KEY_CHARS_MAX) {
      throw new IllegalArgumentException(
          "An idempotency key must have 1 to " + Limits.IDEMPOTENCY_KEY_CHARS_MAX + " characters");
    }
    return with("idempotencyKey", key);
  }

  /** Makes the same trigger sent twice within the key's scope one run, which shows its text. */
  public TriggerOptions idempotencyKey(IdempotencyKey key) {
    return idempotencyKey(key.text())
        .with("idempotencyKeyOptions", Map.of("key", key.key(), "scope", key.scope().wire()));
  }

  /** How long the idempotency key is remembered, rounded up to seconds. Default 30 days. */
  public TriggerOptions idempotencyKeyTtl(Duration ttl) {
    return with("idempotencyKeyTTL", seconds(ttl));
  }

  /** The queue to wait in, 1 to 128 letters, digits, {@code _ - /}. Default: the task's own. */
  public TriggerOptions queue(String name) {
    Queue.checkName(name);
    return with("queue", Map.of("name", name));
  }

  /** Gives each value of the key its own copy of the queue's concurrency limit. Default: none. */
  public TriggerOptions concurrencyKey(String key) {
    return with("concurrencyKey", key);
  }

  /** Waits so long, rounded up to seconds, before it is queued. Default: not at all. */
  public TriggerOptions delay(Duration delay) {
    return with("delay", seconds(delay));
  }

  /** Waits until then before it is queued; a time in the past queues at once. */
  public TriggerOptions delayUntil(Instant time) {
    return with("delay", time.toString());
  }

  /** Gathers triggers in one run while it waits. Default: every trigger makes a run. */
  public TriggerOptions debounce(Debounce debounce) {
    return with("debounce", debounce.wire());
  }

  /**
   * Expires when it has not started so long, rounded up to seconds, after it was queued; zero:
   * never. Default: what the task says.
   */
  public TriggerOptions ttl(Duration ttl) {
    return with("ttl", seconds(ttl));
  }

  /** Counts as queued so many seconds earlier; negative: later. Default 0. */
  public TriggerOptions priority(double seconds) {
    return with("priority", seconds);
  }

  /**
   * Lets only workers of this version of the code execute it, see {@link Worker.Builder#version}. A
   * worker of the version must have been there, with this task, or the trigger is refused; without
   * another one the run waits. Default: any version.
   */
  public TriggerOptions lockToVersion(String version) {
    return with("lockToVersion", version);
  }

  /** Attempts in all, 1 to 250, instead of what the task's policy says. */
  public TriggerOptions maxAttempts(int attempts) {
    if (attempts < 1 || attempts > Limits.ATTEMPTS_MAX) {
      throw new IllegalArgumentException(
          "maxAttempts must be from 1 to " + Limits.ATTEMPTS_MAX + ", not " + attempts);
    }
    return with("maxAttempts", attempts);
  }

  /**
   * The longest an attempt may run, in whole seconds; less than 5 counts as 5. Then it is stopped
   * and the run ends as {@code TIMED_OUT}, without another attempt. Default: what the task says.
   */
  public TriggerOptions maxDuration(Duration duration) {
    return with("maxDuration", duration.toSeconds());
  }

  /** The machine preset wanted, such as {@code small-1x}. */
  public TriggerOptions machine(String preset) {
    return with("machine", preset);
  }

  /**
   * Adds a tag: 1 to 128 characters, at most 10 different ones on a run.
   *
   * @throws IllegalArgumentException when it is out of these bounds
   */
  public TriggerOptions tag(String tag) {
    if (tag.isBlank() || tag.length() > Limits.TAG_CHARS_MAX) {
      throw new IllegalArgumentException(
          "A tag must have 1 to " + Limits.TAG_CHARS_MAX + " characters, not: " + tag);
    }
    Set<Object> tags = new LinkedHashSet<>();
    if (wire.get("tags") instanceof Collection<?> before) {
      tags.addAll(before);
    }
    tags.add(tag);
    if (tags.size() > Limits.TAGS_MAX) {
      throw new IllegalArgumentException("A run must have at most " + Limits.TAGS_MAX + " tags");
    }
    return with("tags", List.copyOf(tags));
  }

  /** Adds tags. */
  public TriggerOptions tags(List<String> tags) {
    TriggerOptions all = this;
    for (String tag : tags) {
      all = all.tag(tag);
    }
    return all;
  }

  /** Initial metadata, encoded as a JSON object of at most 256 KiB. Default: none. */
  public TriggerOptions metadata(Object metadata) {
    return with("metadata", metadata);
  }

  /** Marks the run as a test. */
  public TriggerOptions test() {
    return with("test", true);
  }

  private TriggerOptions with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(wire);
    more.put(name, value);
    return new TriggerOptions(Collections.unmodifiableMap(more));
  }

  static String seconds(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("A duration must not be negative: " + duration);
    }
    return wholeSeconds(duration) + "s";
  }

  /** Rounded up: a short delay is a delay. */
  static long wholeSeconds(Duration duration) {
    return duration.plusNanos(999_999_999).toSeconds();
  }

  /** As changes of a replay, which names two of them otherwise and does not take all. */
  Map<String, Object> replayWire() {
    Map<String, Object> replay = new LinkedHashMap<>(wire);
    if (replay.containsKey("test") || replay.containsKey("idempotencyKeyOptions")) {
      throw new IllegalArgumentException(
          "A replay repeats the test mark, and takes an idempotency key as text only");
    }
    if (replay.remove("queue") instanceof Map<?, ?> queue) {
      replay.put("queue", queue.get("name"));
    }
    Object version = replay.remove("lockToVersion");
    if (version != null) {
      replay.put("version", version);
    }
    return replay;
  }

  Map<String, Object> wire() {
    return wire;
  }
}

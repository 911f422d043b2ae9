package dev.fanfare.sdk;

import dev.fanfare.protocol.Limits;
import dev.fanfare.sdk.internal.Spans;
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
 * The options of a trigger. Each method returns a changed copy; an option that is not set has the
 * default that its method documents. Methods throw {@link IllegalArgumentException} for values that
 * they can check; the server refuses other invalid values. Immutable.
 */
public final class TriggerOptions {
  private static final TriggerOptions NONE = new TriggerOptions(Map.of());

  private final Map<String, Object> wire;

  private TriggerOptions(Map<String, Object> wire) {
    this.wire = wire;
  }

  /** No options; the start of a chain. */
  public static TriggerOptions options() {
    return NONE;
  }

  /**
   * Makes a trigger that is sent twice one run: while the key is remembered, another trigger of the
   * task with the same key returns the existing run. 1 to 2,048 characters. Default: every trigger
   * creates a new run.
   */
  public TriggerOptions idempotencyKey(String key) {
    if (key.isEmpty() || key.length() > Limits.IDEMPOTENCY_KEY_CHARS_MAX) {
      throw new IllegalArgumentException(
          "An idempotency key must have 1 to " + Limits.IDEMPOTENCY_KEY_CHARS_MAX + " characters");
    }
    return with("idempotencyKey", key);
  }

  /** Makes a trigger that is sent twice within the key's scope one run. */
  public TriggerOptions idempotencyKey(IdempotencyKey key) {
    return idempotencyKey(key.text())
        .with("idempotencyKeyOptions", Map.of("key", key.key(), "scope", key.scope().wire()));
  }

  /** How long the idempotency key is remembered, rounded up to seconds. Default 30 days. */
  public TriggerOptions idempotencyKeyTtl(Duration ttl) {
    return with("idempotencyKeyTTL", seconds("idempotencyKeyTtl", ttl));
  }

  /** The queue: 1 to 128 letters, digits, {@code _ - /}. Default: the task's queue. */
  public TriggerOptions queue(String name) {
    Queue.checkName(name);
    return with("queue", Map.of("name", name));
  }

  /** Applies the queue's concurrency limit to each key separately. Default: no key. */
  public TriggerOptions concurrencyKey(String key) {
    return with("concurrencyKey", key);
  }

  /** How long the run waits before it is queued, rounded up to seconds. Default: not at all. */
  public TriggerOptions delay(Duration delay) {
    return with("delay", seconds("delay", delay));
  }

  /** The time at which the run is queued; a time in the past queues it at once. */
  public TriggerOptions delayUntil(Instant time) {
    return with("delay", Spans.time("delayUntil", time).toString());
  }

  /** Coalesces triggers into one run while it is delayed. Default: every trigger creates a run. */
  public TriggerOptions debounce(Debounce debounce) {
    return with("debounce", debounce.wire());
  }

  /**
   * How long the run may be queued before it expires without being executed, rounded up to seconds;
   * zero: no limit. Default: the task's ttl.
   */
  public TriggerOptions ttl(Duration ttl) {
    return with("ttl", seconds("ttl", ttl));
  }

  /** Orders the run as if it was queued so many seconds earlier; negative: later. Default 0. */
  public TriggerOptions priority(double seconds) {
    return with("priority", seconds);
  }

  /**
   * Locks the run to workers of this version of the code, see {@link Worker.Builder#version}. The
   * trigger is refused unless a worker of the version has declared the task before; the run waits
   * while no such worker is connected. Default: any version.
   */
  public TriggerOptions lockToVersion(String version) {
    return with("lockToVersion", version);
  }

  /**
   * Attempts in all, 1 to 250. A run whose last attempt is lost with its worker is executed again
   * all the same. Default: the task's.
   */
  public TriggerOptions maxAttempts(int attempts) {
    if (attempts < 1 || attempts > Limits.ATTEMPTS_MAX) {
      throw new IllegalArgumentException(
          "maxAttempts must be from 1 to " + Limits.ATTEMPTS_MAX + ", not " + attempts);
    }
    return with("maxAttempts", attempts);
  }

  /**
   * How long an attempt may run, in whole seconds; less than 5 counts as 5. After that the attempt
   * is stopped and the run ends as {@code TIMED_OUT}, without another attempt. Default: the task's.
   */
  public TriggerOptions maxDuration(Duration duration) {
    long seconds = Spans.patience("maxDuration", duration).toSeconds();
    return with("maxDuration", Math.min(seconds, Limits.MAX_DURATION_SECONDS_MAX));
  }

  /** The preferred machine preset, such as {@code small-1x}. Default: none. */
  public TriggerOptions machine(String preset) {
    return with("machine", preset);
  }

  /**
   * Adds a tag of 1 to 128 characters; a run has at most 10 different tags.
   *
   * @throws IllegalArgumentException when the tag is blank or too long, or the eleventh
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

  /** Adds tags, see {@link #tag}. */
  public TriggerOptions tags(List<String> tags) {
    TriggerOptions all = this;
    for (String tag : tags) {
      all = all.tag(tag);
    }
    return all;
  }

  /** The initial metadata, encoded as a JSON object of at most 256 KiB. Default: none. */
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

  static String seconds(String name, Duration duration) {
    return Spans.seconds(Spans.between(name, Duration.ZERO, duration)) + "s";
  }

  /** As changes of a replay, where two options have other names and two are not allowed. */
  Map<String, Object> replayWire() {
    Map<String, Object> replay = new LinkedHashMap<>(wire);
    if (replay.containsKey("test") || replay.containsKey("idempotencyKeyOptions")) {
      throw new IllegalArgumentException(
          "A replay copies the test mark, and accepts an idempotency key only as text");
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

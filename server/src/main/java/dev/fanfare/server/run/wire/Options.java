package dev.fanfare.server.run.wire;

import dev.fanfare.server.run.NewRun;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The options of one item while they are read. */
final class Options {
  @Nullable String queue;
  @Nullable String lockToVersion;
  String concurrencyKey = "";
  @Nullable String idempotencyKey;
  @Nullable String idempotencyKeyTtl;
  @Nullable DebounceOption debounce;
  @Nullable Instant delayUntil;
  @Nullable Duration ttl;
  long priorityMillis;
  @Nullable Integer maxAttempts;
  @Nullable Duration maxDuration;
  final TreeSet<String> tags = new TreeSet<>();
  @Nullable String metadata;
  @Nullable String payloadType;
  boolean test;
  final ParentReader parent = new ParentReader();

  /** Options that act in other rooms: their names and JSON texts. */
  final Map<String, String> others = new LinkedHashMap<>();

  NewRun.@Nullable Key key(ItemLimits limits) {
    return idempotencyKey == null
        ? null
        : new NewRun.Key(idempotencyKey, Durations.keyTtl(idempotencyKeyTtl, limits.keyTtl()));
  }

  @Nullable String elsewhere() {
    return StoredOptions.write(others);
  }
}

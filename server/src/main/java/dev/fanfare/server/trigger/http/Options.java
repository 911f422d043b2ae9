package dev.fanfare.server.trigger.http;

import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.StoredOptions;
import dev.fanfare.server.text.Durations;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The options of one item while it is read. Not thread-safe. */
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

  /** The names and JSON texts of options without a column of their own. */
  final Map<String, String> others = new LinkedHashMap<>();

  NewRun.@Nullable Key key(Duration defaultTtl) {
    return idempotencyKey == null
        ? null
        : new NewRun.Key(idempotencyKey, Durations.keyTtl(idempotencyKeyTtl, defaultTtl));
  }

  /** {@link #others} as stored text; {@code null} when empty. */
  @Nullable String stored() {
    return StoredOptions.write(others);
  }
}

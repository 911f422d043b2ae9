package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.RawJson;
import dev.fanfare.sdk.Run;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads runs from the public API's answers. */
public final class RunParser {
  private static final Set<String> RAW = Set.of("payload", "output", "metadata");

  private RunParser() {}

  /** The fields of a run that are decoded; the raw ones are cut out beside. */
  record Wire(
      String id,
      String taskIdentifier,
      RunStatus status,
      Run.@Nullable Failure error,
      List<String> tags,
      int attemptCount,
      @Nullable String batchId,
      @Nullable String idempotencyKey,
      boolean isTest,
      Instant createdAt,
      Instant updatedAt,
      @Nullable Instant delayedUntil,
      @Nullable Instant startedAt,
      @Nullable Instant finishedAt,
      long durationMs) {}

  /** One run. */
  public static Run run(byte[] body) {
    Wire wire = WireJson.mapper().readValue(body, Wire.class);
    Map<String, String> raw = Slices.of(body, RAW);
    return new Run(
        wire.id(),
        wire.taskIdentifier(),
        wire.status(),
        json(raw.get("payload")),
        json(raw.get("output")),
        wire.error(),
        json(raw.get("metadata")),
        wire.tags(),
        wire.attemptCount(),
        wire.batchId(),
        wire.idempotencyKey(),
        wire.isTest(),
        wire.createdAt(),
        wire.updatedAt(),
        wire.delayedUntil(),
        wire.startedAt(),
        wire.finishedAt(),
        wire.durationMs());
  }

  private static @Nullable RawJson json(@Nullable String text) {
    return text == null ? null : new RawJson(text);
  }
}

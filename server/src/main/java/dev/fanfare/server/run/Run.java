package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.packet.PacketPath;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A run as it stands at one moment.
 *
 * @param attempt the last attempt that started; 0 before the first
 * @param version of the workers' code: the one it is locked to, or else that of the worker that
 *     executes it or was the last to do so; absent: neither
 * @param payload JSON text as it was sent; absent: none
 * @param payloadType absent: {@code application/json}
 * @param output text of {@code outputType}; absent: none, or not completed
 * @param error stored text of the error; absent: none
 * @param options the options that act elsewhere, as JSON text; absent: none
 * @param ttl how long it may be queued; absent: for ever
 * @param delayedUntil the time it waits or waited for; absent: it was queued at once
 * @param startedAt when its first attempt started; absent: none did
 * @param lineage absent: it has no parent
 * @param resumesParent whether its parent goes on when it has ended
 * @param durationMillis how long the last attempt ran; 0 before it ended
 */
public record Run(
    UUID id,
    String task,
    RunStatus status,
    int attempt,
    @Nullable UUID batchId,
    String queue,
    @Nullable String version,
    @Nullable String payload,
    @Nullable String payloadType,
    @Nullable String output,
    @Nullable String outputType,
    @Nullable String error,
    @Nullable String metadata,
    List<String> tags,
    @Nullable String idempotencyKey,
    @Nullable String options,
    @Nullable Duration ttl,
    boolean test,
    Source source,
    Instant createdAt,
    Instant updatedAt,
    @Nullable Instant delayedUntil,
    @Nullable Instant startedAt,
    @Nullable Instant finishedAt,
    @Nullable Lineage lineage,
    boolean resumesParent,
    long durationMillis) {

  /** The packet that its payload is; absent: its payload is here, or it has none. */
  public @Nullable String payloadPacket() {
    return PacketPath.ofPayload(payload, payloadType);
  }

  /** The packet that its output is; absent: its output is here, or it has none. */
  public @Nullable String outputPacket() {
    return status == RunStatus.COMPLETED ? PacketPath.ofOutput(output, outputType) : null;
  }
}

package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.packet.PacketPath;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A stored run with its current state.
 *
 * @param attempt the last attempt that started; 0 before the first
 * @param version the version of the workers' code that the run is locked to, or else the version of
 *     the last worker that executed it; absent: neither
 * @param payload JSON text as it was sent; absent: none
 * @param payloadType absent: {@code application/json}
 * @param output text of {@code outputType}; absent: none, or the run is not COMPLETED
 * @param error the error as stored text; absent: none
 * @param options the options without a column of their own, as JSON text; absent: none
 * @param ttl how long it may be queued; absent: without limit
 * @param delayedUntil when its delay ends or ended; absent: it had no delay
 * @param startedAt when its first attempt started; absent: none started
 * @param lineage absent: the run has no parent
 * @param resumesParent whether its parent is to resume when it is final
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

  /** The path of the packet that holds the payload; {@code null}: no packet does. */
  public @Nullable String payloadPacket() {
    return PacketPath.ofPayload(payload, payloadType);
  }

  /** The path of the packet that holds the output; {@code null}: no packet does. */
  public @Nullable String outputPacket() {
    return status == RunStatus.COMPLETED ? PacketPath.ofOutput(output, outputType) : null;
  }
}

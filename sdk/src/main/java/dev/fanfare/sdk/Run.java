package dev.fanfare.sdk;

import dev.fanfare.protocol.RunStatus;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run as it stood when it was read. Lists leave out payload, output, error and relatives.
 *
 * @param id {@code run_…}
 * @param taskIdentifier the task's id
 * @param status where it stands
 * @param version the version of the workers' code it is locked to, or else that of the worker that
 *     executes it or was the last to do so; absent: neither
 * @param payload as JSON; absent: none, or it is kept as a packet
 * @param payloadPresignedUrl where to fetch a payload that is kept as a packet, for 15 minutes
 *     after the run was read; absent: it is here, or there is none. {@link Fanfare#payload} knows
 *     both
 * @param output as JSON; absent: none, not completed, or it is kept as a packet
 * @param outputPresignedUrl where to fetch such an output; {@link Fanfare#output} knows both
 * @param error absent: none
 * @param metadata as JSON; absent: none
 * @param tags sorted
 * @param attemptCount the number of the latest attempt; 0 before the first
 * @param batchId absent: triggered alone
 * @param depth how many runs stand above it; 0 without a parent
 * @param relatedRuns absent in lists, and in relatives themselves
 * @param idempotencyKey absent: none
 * @param delayedUntil absent: queued at once
 * @param startedAt absent: no attempt started
 * @param finishedAt absent: not final
 * @param durationMs how long the last attempt ran; 0 before it ended
 */
public record Run(
    String id,
    String taskIdentifier,
    RunStatus status,
    @Nullable String version,
    @Nullable RawJson payload,
    @Nullable String payloadPresignedUrl,
    @Nullable RawJson output,
    @Nullable String outputPresignedUrl,
    @Nullable Failure error,
    @Nullable RawJson metadata,
    List<String> tags,
    int attemptCount,
    @Nullable String batchId,
    int depth,
    @Nullable Relatives relatedRuns,
    @Nullable String idempotencyKey,
    boolean isTest,
    Instant createdAt,
    Instant updatedAt,
    @Nullable Instant delayedUntil,
    @Nullable Instant startedAt,
    @Nullable Instant finishedAt,
    long durationMs) {

  /**
   * Why a run failed.
   *
   * @param message what a person reads first
   * @param name the exception's class; absent: it was none
   * @param stackTrace absent: none
   */
  public record Failure(String message, @Nullable String name, @Nullable String stackTrace) {}

  /**
   * The runs around a run, without payload, output and error.
   *
   * @param root the first one up the line of parents; absent: the run has no parent
   * @param parent the one whose handler triggered it; absent: none did
   * @param children those its handler triggered, the oldest first, at most 1,000
   */
  public record Relatives(@Nullable Run root, @Nullable Run parent, List<Run> children) {}

  /** Whether it is final. */
  public boolean isCompleted() {
    return status.isFinal();
  }

  /** Whether it ended well. */
  public boolean isSuccess() {
    return status == RunStatus.COMPLETED;
  }
}

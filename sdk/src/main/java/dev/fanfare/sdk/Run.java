package dev.fanfare.sdk;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.fanfare.protocol.RunStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run as it was when it was read. Runs in lists come without payload, output, error and
 * relatives. Immutable.
 *
 * @param id {@code run_…}
 * @param taskId the task's id
 * @param status its state
 * @param version the version of the workers' code that the run is locked to, otherwise the version
 *     of the worker that executes it or executed it last; absent: neither
 * @param payload as JSON; absent: none, or it is stored as a packet
 * @param payloadPresignedUrl where to fetch a payload that is stored as a packet, valid for 15
 *     minutes after the run was read; absent: the payload is inline, or there is none. {@link
 *     Runs#payload} reads both kinds
 * @param output as JSON; absent: none, the run has not completed, or it is stored as a packet
 * @param outputPresignedUrl the same for the output; {@link Runs#output} reads both kinds
 * @param error why it failed; absent: it did not
 * @param metadata as JSON; absent: none
 * @param tags sorted
 * @param attemptCount the number of the latest attempt; 0 before the first
 * @param batchId the batch it was triggered in; absent: triggered alone
 * @param depth the number of its ancestors; 0 without a parent
 * @param relatedRuns absent in lists, and in the relatives themselves
 * @param idempotencyKey absent: none
 * @param isTest whether it was triggered as a test
 * @param createdAt when it was triggered
 * @param updatedAt when it last changed
 * @param delayedUntil when it is or was due; absent: queued at once
 * @param startedAt when its first attempt started; absent: none has
 * @param finishedAt when it became final; absent: it is not
 * @param duration how long the latest attempt ran; zero until it ends
 */
public record Run(
    String id,
    @JsonProperty("taskIdentifier") String taskId,
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
    @JsonProperty("durationMs") @JsonFormat(pattern = "MILLIS") Duration duration) {

  /**
   * Why a run failed.
   *
   * @param message human-readable
   * @param name the exception's class; absent: it was not an exception
   * @param stackTrace absent: none
   */
  public record Failure(String message, @Nullable String name, @Nullable String stackTrace) {}

  /**
   * The runs around a run, each without payload, output, error and relatives.
   *
   * @param root the topmost ancestor; absent: the run has no parent
   * @param parent the run whose handler triggered it; absent: none did
   * @param children the runs that its handler triggered, oldest first, at most 1,000
   */
  public record Relatives(@Nullable Run root, @Nullable Run parent, List<Run> children) {}

  /** Whether it has ended, successfully or not, and never changes state again. */
  public boolean isFinal() {
    return status.isFinal();
  }

  /** Whether its status is {@code COMPLETED}: its task returned. */
  public boolean isSuccessful() {
    return status == RunStatus.COMPLETED;
  }
}

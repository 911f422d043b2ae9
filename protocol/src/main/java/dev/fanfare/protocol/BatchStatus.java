package dev.fanfare.protocol;

/** The public states of a batch. */
public enum BatchStatus {
  /** At least one run of the batch is not final yet. */
  PENDING,
  /** Sealed; its items are being turned into runs. */
  PROCESSING,
  /** Every run of the batch is final, whatever its outcome. */
  COMPLETED,
  /** Some items could not become runs. */
  PARTIAL_FAILED,
  /** No run was created, or the batch was never sealed. */
  ABORTED
}

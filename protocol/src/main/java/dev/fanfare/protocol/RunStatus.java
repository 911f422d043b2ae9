package dev.fanfare.protocol;

/**
 * The public states of a run. A run is in exactly one of them; it enters a final state once and
 * never leaves it. See {@code docs/run-lifecycle.md}.
 */
public enum RunStatus {
  /** Waits for the time its trigger named; cannot be claimed yet. */
  DELAYED,
  /** No worker has registered its task yet; queued again as soon as one does. */
  PENDING_VERSION,
  /** Ready to be claimed, or between two attempts with time to wait. */
  QUEUED,
  /** Claimed by a worker that has not started the attempt. */
  DEQUEUED,
  /** An attempt is running, or its worker waits a moment before the next attempt. */
  EXECUTING,
  /** Waits for something outside and holds no slot. */
  WAITING,
  /** Final: the task returned. */
  COMPLETED,
  /** Final: the task threw and no attempt was left. */
  FAILED,
  /** Final: the process that ran it died in a way that is not retried. */
  CRASHED,
  /** Final: Fanfare could not run it, for example because its worker was lost too often. */
  SYSTEM_FAILURE,
  /** Final: it ran longer than its maximum duration. */
  TIMED_OUT,
  /** Final: its time to live ended before it started. */
  EXPIRED,
  /** Final: somebody canceled it. */
  CANCELED;

  /** Whether a run in this state never changes again. */
  public boolean isFinal() {
    return compareTo(COMPLETED) >= 0;
  }

  /** Final in a way that frees the idempotency key: all but COMPLETED and CANCELED. */
  public boolean freesIdempotencyKey() {
    return isFinal() && this != COMPLETED && this != CANCELED;
  }
}

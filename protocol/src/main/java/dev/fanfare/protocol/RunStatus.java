package dev.fanfare.protocol;

/**
 * The public states of a run. A run is in exactly one of them; it enters a final state once and
 * never leaves it. See {@code docs/run-lifecycle.md}.
 */
public enum RunStatus {
  /** Waiting for the time that its trigger named; cannot be claimed yet. */
  DELAYED,
  /** No worker has declared its task yet; queued again as soon as one does. */
  PENDING_VERSION,
  /** Ready to be claimed, or waiting in the queue for the backoff before its next attempt. */
  QUEUED,
  /** Claimed by a worker that has not started the attempt yet. */
  DEQUEUED,
  /** An attempt is running, or its worker is waiting out a short backoff before the next one. */
  EXECUTING,
  /** Waiting for an external event, without holding a slot. */
  WAITING,
  /** Final: the task returned successfully. */
  COMPLETED,
  /** Final: the task failed and no attempt was left. */
  FAILED,
  /** Final: the process executing it died in a way that is not retried. */
  CRASHED,
  /** Final: Fanfare could not run it, for example because its worker was lost too often. */
  SYSTEM_FAILURE,
  /** Final: an attempt exceeded the max duration. */
  TIMED_OUT,
  /** Final: its time to live passed before it started. */
  EXPIRED,
  /** Final: it was canceled on request. */
  CANCELED;

  /** Whether the state is final: a run in it never changes state again. */
  public boolean isFinal() {
    return compareTo(COMPLETED) >= 0;
  }

  /** Whether the state releases the idempotency key: any final state but COMPLETED and CANCELED. */
  public boolean freesIdempotencyKey() {
    return isFinal() && this != COMPLETED && this != CANCELED;
  }
}

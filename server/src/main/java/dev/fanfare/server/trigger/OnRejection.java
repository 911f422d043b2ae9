package dev.fanfare.server.trigger;

/** What happens when runs fail a check against stored data. */
public enum OnRejection {
  /** No run of the call is placed. */
  REFUSE_ALL,
  /** The rejected runs are left out. */
  SKIP,
  /** The rejected runs are placed as failed runs. */
  RECORD_AS_FAILED
}

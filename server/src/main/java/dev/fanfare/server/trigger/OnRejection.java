package dev.fanfare.server.trigger;

/** What happens to runs that break a rule which only the stored data can tell. */
public enum OnRejection {
  /** No run of the call is placed. */
  REFUSE_ALL,
  /** The others are placed. */
  SKIP,
  /** The run is placed as one that failed, and so are the others as they are. */
  RECORD_AS_FAILED
}

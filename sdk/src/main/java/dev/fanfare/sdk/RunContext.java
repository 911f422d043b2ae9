package dev.fanfare.sdk;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** The run that a handler executes, and its attempt. Safe for use by many threads. */
public interface RunContext {
  /** The run's id, {@code run_…}. */
  String id();

  /** The batch it was triggered in, {@code batch_…}; {@code null} when it was triggered alone. */
  @Nullable String batchId();

  /** The id of the task. */
  String taskId();

  /** The number of this attempt, from 1. */
  int attempt();

  /** Attempts in all, the first included. */
  int maxAttempts();

  /** The run's tags, sorted. */
  List<String> tags();

  /** The run's metadata as JSON; {@code null} when it was triggered without. */
  @Nullable RawJson metadata();

  /** The queue it came from. */
  String queue();

  /** Whether it was triggered as a test. */
  boolean isTest();

  /** When it was triggered. */
  Instant createdAt();

  /**
   * Whether nobody waits for this attempt any more: the run was canceled, this worker lost it, or
   * its longest duration is over. Its thread is interrupted as well; what the handler returns then
   * is dropped.
   */
  boolean isCanceled();

  /**
   * The worker's client, for what this run triggers: its runs and batches are children of this run,
   * see {@link Fanfare#within}. Triggers of another client have no parent.
   */
  Fanfare fanfare();

  /** A logger named after the task. */
  Logger logger();
}

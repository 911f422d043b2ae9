package dev.fanfare.sdk;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** The run and attempt that a handler executes. Safe for use by many threads. */
public interface RunContext {
  /** The run's id, {@code run_…}. */
  String id();

  /** The batch it was triggered in, {@code batch_…}; {@code null} when it was triggered alone. */
  @Nullable String batchId();

  /** The task's id. */
  String taskId();

  /**
   * The number of this attempt, from 1. It can exceed {@link #maxAttempts}: an attempt that was
   * lost with its worker counts, and its run is executed again.
   */
  int attempt();

  /** The attempt after whose failure the run is not retried. */
  int maxAttempts();

  /** The run's tags, sorted. */
  List<String> tags();

  /** The run's metadata as JSON when it was claimed; {@code null} when it had none. */
  @Nullable RawJson metadata();

  /** The name of its queue. */
  String queue();

  /** Whether it was triggered as a test. */
  boolean isTest();

  /** When it was triggered. */
  Instant createdAt();

  /**
   * Whether the handler should stop: the run was canceled, this worker lost its lease, or the
   * attempt exceeded its max duration. The handler's thread is interrupted too. Whatever the
   * handler returns after that is dropped.
   */
  boolean shouldStop();

  /**
   * The worker's client, for what this run triggers: the triggered runs and batches become children
   * of this run, see {@link Fanfare#within}. What another client triggers has no parent.
   */
  Fanfare fanfare();

  /** A logger named {@code fanfare.task.<id>}. */
  Logger logger();
}

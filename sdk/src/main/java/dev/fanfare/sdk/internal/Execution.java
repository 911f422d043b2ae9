package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.protocol.worker.Held;
import dev.fanfare.sdk.RawJson;
import dev.fanfare.sdk.RunContext;
import dev.fanfare.sdk.Task;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A run that this worker holds, from its assignment to its last attempt here. */
final class Execution implements RunContext {
  final Assignment assignment;
  final Task<?, ?> task;
  private final Logger logger;
  private volatile int attempt;
  private volatile boolean canceled;
  private @Nullable Thread thread; // guarded by this; set while an attempt runs or waits to

  Execution(Assignment assignment, Task<?, ?> task) {
    this.assignment = assignment;
    this.task = task;
    this.attempt = assignment.attempt();
    this.logger = LoggerFactory.getLogger("fanfare.task." + task.id());
  }

  Held held() {
    return new Held(assignment.runId(), assignment.fence());
  }

  void nextAttempt(int number) {
    attempt = number;
  }

  /** Notes the thread that an end of this execution must interrupt; false when it ended already. */
  synchronized boolean enter(Thread current) {
    thread = current;
    return !canceled;
  }

  /** The thread goes on to other things: from here on no interrupt reaches it. */
  synchronized void leave() {
    thread = null;
    Thread.interrupted(); // one that came at the last moment was meant for the attempt
  }

  /** Nobody waits for it any more: tells the handler, and wakes it. */
  synchronized void cancel() {
    canceled = true;
    if (thread != null) {
      thread.interrupt();
    }
  }

  @Override
  public String id() {
    return assignment.runId();
  }

  @Override
  public @Nullable String batchId() {
    return assignment.batchId();
  }

  @Override
  public String taskId() {
    return task.id();
  }

  @Override
  public int attempt() {
    return attempt;
  }

  @Override
  public int maxAttempts() {
    return assignment.maxAttempts();
  }

  @Override
  public List<String> tags() {
    return assignment.tags();
  }

  @Override
  public @Nullable RawJson metadata() {
    return assignment.metadata() == null ? null : new RawJson(assignment.metadata());
  }

  @Override
  public String queue() {
    return assignment.queue();
  }

  @Override
  public boolean isTest() {
    return assignment.test();
  }

  @Override
  public Instant createdAt() {
    return assignment.createdAt();
  }

  @Override
  public boolean isCanceled() {
    return canceled;
  }

  @Override
  public Logger logger() {
    return logger;
  }
}

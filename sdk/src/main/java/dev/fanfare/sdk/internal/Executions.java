package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.Held;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.Started;
import dev.fanfare.sdk.AbortRunException;
import dev.fanfare.sdk.Task;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runs that a worker executes: each attempt on a virtual thread of its own, as many at once as
 * there are slots. An attempt's slot is free as soon as its handler returns; reporting goes on
 * beside the next one. Safe for use by many threads.
 */
final class Executions {
  private static final Logger log = LoggerFactory.getLogger(Executions.class);

  /** Ends that wait for their report, beyond which no more work is taken. */
  private static final int UNREPORTED_MAX = 2_000;

  private final Codec codec;
  private final Map<String, Task<?, ?>> tasks;
  private final Outbox outbox;
  private final Semaphore slots;
  private final Map<String, Execution> held = new ConcurrentHashMap<>();
  private final Set<Execution> waiting = ConcurrentHashMap.newKeySet(); // for another attempt
  private volatile boolean stopping;

  Executions(Codec codec, Map<String, Task<?, ?>> tasks, int slots, Outbox outbox) {
    this.codec = codec;
    this.tasks = tasks;
    this.outbox = outbox;
    this.slots = new Semaphore(slots);
  }

  /** Waits for at least one free slot, and takes all there are. */
  int acquireSlots() throws InterruptedException {
    outbox.awaitRoom(UNREPORTED_MAX);
    slots.acquire();
    return 1 + slots.drainPermits();
  }

  void releaseSlots(int count) {
    slots.release(count);
  }

  /** Executes an assignment in a slot that was acquired for it. */
  void begin(Assignment assignment) {
    Task<?, ?> task = tasks.get(assignment.task());
    if (task == null) {
      // Registered by another worker of this name's tasks; the server would not hand it to us.
      slots.release();
      outbox.returned(new Held(assignment.runId(), assignment.fence()));
      return;
    }
    Execution execution = new Execution(assignment, task);
    held.put(assignment.runId(), execution);
    Thread.ofVirtual().name(assignment.runId()).start(() -> attempt(execution));
  }

  /** The server took a report: some claims were lost, failed runs go on here or are over. */
  void reported(ReportRequest report, ReportResponse response) {
    response.lost().forEach(this::lost);
    Set<String> retried = new HashSet<>();
    response.retries().forEach(retry -> retried.add(retry.runId()));
    for (Finished end : report.finished()) {
      if (end.error() != null && !retried.contains(end.runId())) {
        held.remove(end.runId());
      }
    }
    response.retries().forEach(this::retry);
    response.canceled().forEach(this::lost);
  }

  private void retry(ReportResponse.Retry retry) {
    Execution execution = held.get(retry.runId());
    if (execution == null || execution.assignment.fence() != retry.fence()) {
      return; // lost in the meantime
    }
    execution.nextAttempt(retry.attempt());
    Thread.ofVirtual()
        .name(retry.runId())
        .start(() -> attemptAfter(execution, Duration.ofMillis(retry.delayMillis())));
  }

  private void attemptAfter(Execution execution, Duration wait) {
    boolean ready = false;
    if (execution.enter(Thread.currentThread()) && !stopping) {
      waiting.add(execution);
      try {
        Thread.sleep(wait);
        slots.acquire();
        ready = true;
      } catch (InterruptedException e) {
        // canceled, lost, or the worker stops
      } finally {
        waiting.remove(execution);
      }
    }
    execution.leave();
    if (ready) {
      attempt(execution);
    } else if (held.remove(execution.id(), execution)) {
      outbox.returned(execution.held());
    }
  }

  private void attempt(Execution execution) {
    Finished end = null;
    try {
      outbox.started(
          new Started(execution.id(), execution.assignment.fence(), execution.attempt()));
      if (execution.enter(Thread.currentThread())) {
        end = execute(execution);
      }
    } finally {
      execution.leave();
      slots.release();
    }
    finish(execution, end);
  }

  private Finished execute(Execution execution) {
    long start = System.nanoTime();
    String output = null;
    RunError error = null;
    boolean retryable = true;
    try {
      output = codec.encodeOutput(call(execution.task, execution));
    } catch (AbortRunException e) {
      error = Errors.of(e);
      retryable = false;
    } catch (Throwable e) {
      error = Errors.of(e);
    }
    if (error != null) {
      log.debug("Attempt {} of {} failed: {}", execution.attempt(), execution.id(), error);
    }
    return new Finished(
        execution.id(),
        execution.assignment.fence(),
        execution.attempt(),
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start),
        output,
        null,
        error,
        retryable,
        execution.isCanceled());
  }

  private <I, O> @Nullable O call(Task<I, O> task, Execution execution) throws Exception {
    I payload =
        codec.decode(
            execution.assignment.payload(), execution.assignment.payloadType(), task.payloadType());
    return handle(task, payload, execution);
  }

  /** A run may be triggered without a payload; its handler, as documented, then gets null. */
  @SuppressWarnings("NullAway")
  private static <I, O> @Nullable O handle(
      Task<I, O> task, @Nullable I payload, Execution execution) throws Exception {
    return task.handler().handle(payload, execution);
  }

  private void finish(Execution execution, @Nullable Finished end) {
    if (execution.isCanceled() || end == null) {
      if (held.remove(execution.id(), execution)) {
        outbox.returned(execution.held()); // interrupted while stopping: another worker's turn
      }
      return;
    }
    if (end.error() == null) {
      held.remove(execution.id(), execution);
    } // a failed run stays held until the server says whether it is attempted again here
    outbox.finished(end);
  }

  /** The server does not count on this worker for a run any more. */
  void lost(Held claim) {
    Execution execution = held.get(claim.runId());
    if (execution != null
        && execution.assignment.fence() == claim.fence()
        && held.remove(claim.runId(), execution)) {
      execution.cancel();
    }
  }

  void loseAll() {
    for (Execution execution : held.values()) {
      lost(execution.held());
    }
  }

  /** From now on no attempt begins: runs that wait for another one are handed back. */
  void stop() {
    stopping = true;
    waiting.forEach(Execution::cancel);
  }

  /** Interrupts what still runs; it is handed back when its threads have ended. */
  void interruptAll() {
    held.values().forEach(Execution::cancel);
  }

  /** Waits until nothing is held, or patience is over. */
  boolean awaitIdle(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!held.isEmpty()) {
      if (System.nanoTime() >= deadline) {
        return false;
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }
}

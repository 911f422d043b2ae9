package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.Started;
import dev.fanfare.sdk.AbortRunException;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.RawJson;
import dev.fanfare.sdk.RunContext;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.MDC;
import org.slf4j.event.Level;

/** An attempt of a run that the session holds. Safe for use by many threads. */
final class Attempt implements RunContext {
  /** How long a handler may take to end after its time limit has interrupted it. */
  private static final Duration TIMED_OUT_GRACE = Duration.ofSeconds(5);

  /** How long it may take after a cancel or a lost claim, for which it may have more to undo. */
  private static final Duration CANCELED_GRACE = Duration.ofSeconds(60);

  /** How many frames of the stack of a handler that ignores its interrupt are logged. */
  private static final int FRAMES_MAX = 8;

  /** The thread that changes the state first decides; the others then do nothing. */
  private enum State {
    WAITING,
    RUNNING,
    /** Its outcome is reported to the server. */
    ENDED,
    /** Lost or handed back: its outcome is dropped. */
    GIVEN_UP
  }

  private final Assignment assignment;
  private final int number;
  private final BoundTask<?, ?> task;
  private final Session session;
  private final LeaseRef held;
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
  private final Slots.Place place = new Slots.Place();
  private volatile boolean canceled;
  private volatile @Nullable Thread thread; // set before the state is RUNNING
  private volatile @Nullable TimeLimit limit; // set before the handler is called
  private volatile long startNanos; // set before the handler is called
  private @Nullable Finished end; // used only by its own thread
  private volatile boolean succeeded;

  Attempt(Assignment assignment, int number, BoundTask<?, ?> task, Session session) {
    this.assignment = assignment;
    this.number = number;
    this.task = task;
    this.session = session;
    this.held = new LeaseRef(assignment.runId(), assignment.fence());
  }

  /** The next attempt, under the same claim. */
  Attempt next(int nextNumber) {
    return new Attempt(assignment, nextNumber, task, session);
  }

  LeaseRef held() {
    return held;
  }

  /** The slot that it occupies while its thread runs. */
  Slots.Place place() {
    return place;
  }

  Started started() {
    return new Started(held.runId(), held.fence(), number);
  }

  /** Notes that it returned an output. Called with the lock of its entry in the session. */
  void succeed() {
    succeeded = true;
  }

  boolean hasSucceeded() {
    return succeeded;
  }

  /** Whether the handler has returned an output. For use by the thread of the attempt. */
  boolean hasReturned() {
    return end != null && end.error() == null;
  }

  boolean isRunning() {
    return state.get() == State.RUNNING;
  }

  /** Calls the handler in this thread, unless the attempt was given up before it started. */
  void execute() {
    thread = Thread.currentThread();
    if (!state.compareAndSet(State.WAITING, State.RUNNING)) {
      return;
    }
    startNanos = System.nanoTime();
    TimeLimit timeLimit =
        TimeLimit.start(assignment.maxDurationMillis(), () -> abandonAfter(TIMED_OUT_GRACE));
    limit = timeLimit;
    String output = null;
    RunError error = null;
    boolean retryable = true;
    try {
      session.started(this);
      MDC.put("fanfare.run", held.runId());
      MDC.put("fanfare.task", task.id());
      output = task.call(assignment, this);
    } catch (AbortRunException e) {
      error = Errors.of(e);
      retryable = false;
    } catch (Throwable e) { // even a StackOverflowError fails the attempt, not the worker
      error = Errors.of(e);
    }
    timeLimit.end();
    if (timeLimit.isExceeded()) {
      output = null;
      error = tooLong();
      retryable = false;
    }
    Thread.interrupted(); // reporting, which follows, must not be interrupted
    end = finished(output, error, retryable);
    if (error != null && !canceled) {
      boolean last = !retryable || number >= assignment.maxAttempts();
      task.logger()
          .atLevel(last ? Level.WARN : Level.DEBUG)
          .log("Attempt {} of {} failed: {}", number, id(), error.summary());
    }
  }

  /** Reports the outcome; drops it when the attempt was given up meanwhile. */
  void conclude() {
    Finished outcome = end;
    if (outcome != null && state.compareAndSet(State.RUNNING, State.ENDED)) {
      Finished reported = canceled ? canceledOutcome(outcome.durationMillis()) : outcome;
      if (reported.error() == null) {
        session.succeeded(this);
      }
      session.ended(reported);
    }
  }

  /**
   * Cancels the attempt, because the run was canceled: interrupts the handler. Only once: the
   * server repeats the news, and a handler may be busy cleaning up.
   */
  void cancel() {
    if (canceled) {
      return;
    }
    canceled = true;
    if (state.compareAndSet(State.WAITING, State.ENDED)) {
      session.ended(canceledOutcome(0));
    } else {
      interruptIf(state.get() == State.RUNNING);
    }
  }

  /** Stops the attempt and drops its outcome, because the claim is lost or will be handed back. */
  void giveUp() {
    canceled = true;
    interruptIf(state.getAndSet(State.GIVEN_UP) == State.RUNNING);
  }

  /** Hands the attempt back if it has not started, so that another worker can execute it. */
  void handBack() {
    session.handBack(this);
  }

  /** Gives up the attempt if it has not started; returns whether it was given up. */
  boolean giveUpUnstarted() {
    return state.compareAndSet(State.WAITING, State.GIVEN_UP);
  }

  private void interruptIf(boolean running) {
    Thread current = thread;
    if (running && current != null) {
      current.interrupt();
      abandonAfter(CANCELED_GRACE);
    }
  }

  private void abandonAfter(Duration grace) {
    // Not in the common pool, which may be full of handlers' work.
    CompletableFuture.delayedExecutor(grace.toMillis(), TimeUnit.MILLISECONDS, Runnable::run)
        .execute(this::abandon);
  }

  /**
   * Reports an attempt whose handler has ignored its interrupt, and frees its slot: its thread
   * cannot be stopped. What the handler returns later is dropped.
   */
  private void abandon() {
    Thread stuck = thread;
    if (stuck == null || !session.abandon(this)) {
      return; // it has ended
    }
    if (state.compareAndSet(State.RUNNING, State.ENDED)) {
      session.ended(canceled ? canceledOutcome(elapsedMillis()) : finished(null, tooLong(), false));
    }
    task.logger()
        .warn(
            "The handler of run {}, attempt {}, ignores its interrupt. The attempt is given up, but"
                + " its thread goes on; {} such threads are running in this worker. It is at{}",
            id(),
            number,
            session.abandoned(),
            top(stuck));
  }

  private static String top(Thread stuck) {
    StackTraceElement[] frames = stuck.getStackTrace();
    StringBuilder top = new StringBuilder();
    for (int i = 0; i < Math.min(frames.length, FRAMES_MAX); i++) {
      top.append(System.lineSeparator()).append("\tat ").append(frames[i]);
    }
    return top.isEmpty() ? " an unknown place" : top.toString();
  }

  private long elapsedMillis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
  }

  private Finished finished(@Nullable String output, @Nullable RunError error, boolean retryable) {
    return new Finished(
        held.runId(), held.fence(), number, elapsedMillis(), output, null, error, retryable, false);
  }

  private RunError tooLong() {
    return RunError.internal(
        RunError.Codes.TOO_LONG,
        "The attempt exceeded its max duration of " + assignment.maxDurationMillis() + " ms");
  }

  private Finished canceledOutcome(long durationMillis) {
    // With an error, so that a server that does not know of the cancellation stores no success.
    return new Finished(
        held.runId(),
        held.fence(),
        number,
        durationMillis,
        null,
        null,
        RunError.internal(RunError.Codes.CANCELED, "The run was canceled"),
        false,
        true);
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
    return number;
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
  public boolean shouldStop() {
    TimeLimit timeLimit = limit;
    return canceled || (timeLimit != null && timeLimit.isExceeded());
  }

  @Override
  public Fanfare fanfare() {
    return task.fanfare().within(assignment.runId());
  }

  @Override
  public Logger logger() {
    return task.logger();
  }
}

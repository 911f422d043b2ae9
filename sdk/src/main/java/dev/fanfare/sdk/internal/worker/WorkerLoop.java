package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.PollResponse;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.ConnectionException;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.FanfareException;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.internal.Api;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker at work: opens a session, polls for runs and executes them; opens another session when
 * one is gone. It need not find the server up, and outlives its restarts.
 */
public final class WorkerLoop {
  private static final Logger log = LoggerFactory.getLogger(WorkerLoop.class);

  /** How long last things may take: a poll's answer, a last report, interrupted handlers. */
  private static final Duration SETTLE = Duration.ofSeconds(2);

  private final WorkerCalls calls;
  private final SessionRequest introduction;
  private final Map<String, BoundTask<?, ?>> tasks = new HashMap<>();
  private final Slots slots;
  private final Duration grace;
  private final Thread poller;
  private final Object closing = new Object();
  private volatile boolean stopping;
  private volatile @Nullable Session session;
  private volatile @Nullable Thread reporter; // of the session
  private final Object polling = new Object();
  private @Nullable Session polled; // guarded by polling; the session whose poll is under way

  /**
   * A worker that has not begun.
   *
   * @param fanfare what handlers trigger with
   * @param grace how long running attempts may take to end when the worker closes
   */
  public WorkerLoop(
      Fanfare fanfare,
      Api api,
      SessionRequest introduction,
      Collection<Task<?, ?>> tasks,
      Duration grace) {
    this.calls = new WorkerCalls(api.transport());
    this.introduction = introduction;
    this.slots = new Slots(introduction.slots());
    this.grace = grace;
    for (Task<?, ?> task : tasks) {
      this.tasks.put(task.id(), new BoundTask<>(task, fanfare, api));
    }
    this.poller = thread("fanfare-poll", this::work);
  }

  @SuppressWarnings("ThreadPriorityCheck") // a hint, and a late heartbeat costs a reclaimed run
  private static Thread thread(String name, Runnable loop) {
    Thread thread = Thread.ofPlatform().name(name).unstarted(loop);
    thread.setPriority(Thread.MAX_PRIORITY);
    return thread;
  }

  /** Begins to work, at once or as soon as the server can be reached. */
  public void start() {
    poller.start();
  }

  private void work() {
    Backoff backoff = new Backoff();
    while (!stopping) {
      try {
        Session open = openSession();
        while (!stopping && !open.isGone()) {
          poll(open, backoff);
        }
        if (!stopping) {
          backoff.pause(); // were each session gone at once, the server would be flooded
        }
      } catch (FanfareException e) {
        pause(e, backoff);
      } catch (InterruptedException e) {
        // the session is gone or the worker stops: the conditions above tell which
      } catch (RuntimeException
          | Error e) { // out of memory for a moment is no reason to fall silent
        log.error("Polling failed in a way that was not foreseen", e);
        pause(e, backoff);
      }
    }
  }

  private Session openSession() {
    Session open = session;
    if (open != null && !open.isGone()) {
      return open;
    }
    Session fresh = new Session(calls.open(introduction), slots);
    log.info("Worker {} opened session {}", introduction.name(), fresh.opened().sessionId());
    Thread reports = thread("fanfare-report", () -> report(fresh));
    session = fresh;
    reporter = reports;
    reports.start();
    return fresh;
  }

  private void report(Session open) {
    try {
      new ReportLoop(calls, open).run();
    } catch (RuntimeException | Error e) {
      log.error("Reporting failed in a way that was not foreseen: the session is given up", e);
      open.markGone();
    }
    synchronized (polling) {
      if (open.isGone() && polled == open) {
        poller.interrupt(); // the poll may wait for its answer for long yet
      }
    }
  }

  private void poll(Session open, Backoff backoff) throws InterruptedException {
    open.outbox().awaitRoom();
    int free = slots.awaitFree(Slots.LINGER);
    if (stopping) {
      return;
    }
    try {
      PollResponse answer = ask(open, free);
      backoff.reset();
      answer.assignments().forEach(assignment -> begin(open, assignment));
      answer.canceled().forEach(open::cancel);
    } catch (ApiException.NotFound e) {
      open.lapsed(e);
    } catch (ConnectionException e) {
      if (!open.isGone()) { // otherwise we broke it off ourselves
        throw e;
      }
    }
  }

  /**
   * Polls in a session. It is interrupted when that session is found to be gone, and only then: a
   * poll of the next one that is broken off would leave behind what the server has claimed for it.
   */
  private PollResponse ask(Session open, int free) {
    synchronized (polling) {
      if (open.isGone()) {
        return new PollResponse(List.of(), List.of());
      }
      polled = open;
    }
    try {
      open.contact();
      return calls.poll(open.opened(), free);
    } finally {
      synchronized (polling) {
        polled = null;
        Thread.interrupted(); // what it meant is told by the session or by stopping
      }
    }
  }

  private void begin(Session open, Assignment assignment) {
    BoundTask<?, ?> task = tasks.get(assignment.task());
    if (task == null) {
      // The server hands out what we declared: a name it does not know from us is its mistake, and
      // handing the run back would only bring it here again.
      open.ended(unknownTask(assignment));
      return;
    }
    open.execute(new Attempt(assignment, assignment.attempt(), task, open));
  }

  private static Finished unknownTask(Assignment assignment) {
    return new Finished(
        assignment.runId(),
        assignment.fence(),
        assignment.attempt(),
        0,
        null,
        null,
        RunError.internal(
            "COULD_NOT_FIND_TASK", "The worker does not have the task " + assignment.task()),
        false,
        false);
  }

  private void pause(Throwable e, Backoff backoff) {
    if (stopping) {
      return;
    }
    if (backoff.isWorthSaying()) {
      log.warn(
          "The server cannot be asked for work and will be asked again: {}", WorkerCalls.reason(e));
    }
    try {
      backoff.pause();
    } catch (InterruptedException interrupted) {
      // the session is gone or the worker stops: what called will look
    }
  }

  /**
   * Stops: takes no more work, hands back what has not begun, lets attempts end within the grace
   * period, interrupts the rest and hands it back, closes the session. Returns when that is done.
   */
  public void close() {
    synchronized (closing) {
      stopping = true;
      // An interrupt of the closing thread means: be quick. The last calls must still go out.
      boolean interrupted = Thread.interrupted();
      Session open = session;
      if (open != null) {
        interrupted |= !drain(open, interrupted ? Duration.ZERO : grace);
      }
      poller.interrupt();
      interrupted |= !join(poller);
      Session last = session; // a poll thread that was just opening one has done so by now
      if (last != null) {
        finish(last);
        session = null;
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Returns false when the waiting was interrupted. */
  private boolean drain(Session open, Duration patience) {
    open.drain();
    boolean calm = true;
    boolean idle = false;
    try {
      idle = open.awaitIdle(patience);
    } catch (InterruptedException e) {
      calm = false;
    }
    if (!idle) {
      log.warn("Attempts still run at the end of the grace period: they are interrupted");
      open.giveUpAll();
      try {
        slots.awaitIdle(SETTLE); // so that what is handed back does not run here any more
      } catch (InterruptedException e) {
        calm = false;
      }
    }
    return calm;
  }

  private void finish(Session last) {
    last.outbox().close();
    Thread reports = reporter;
    if (reports != null) {
      join(reports);
      reports.interrupt(); // of no effect when it has ended, which it has when the server answered
    }
    if (last.isGone()) {
      return;
    }
    try {
      calls.close(last.opened());
    } catch (FanfareException e) {
      log.debug("The session was not closed and will lapse: {}", e.getMessage());
    }
  }

  /** Returns false when the waiting was interrupted. */
  private static boolean join(Thread thread) {
    try {
      thread.join(SETTLE);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }
}

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
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main loop of a worker: it opens a session, polls for runs and executes them, and opens
 * another session when one is gone. It retries while the server is unavailable.
 */
public final class WorkerLoop {
  private static final Logger log = LoggerFactory.getLogger(WorkerLoop.class);

  /** How long each last step may take: a poll's response, a last report, interrupted handlers. */
  private static final Duration SETTLE = Duration.ofSeconds(2);

  private final WorkerCalls calls;
  private final SessionRequest introduction;
  private final Map<String, BoundTask<?, ?>> tasks = new HashMap<>();
  private final Slots slots;
  private final Duration grace;
  private final Thread poller;
  private final Object closing = new Object();
  private final AtomicBoolean closedFromWithin = new AtomicBoolean();
  private volatile boolean stopping;
  private volatile @Nullable Session session;
  private volatile @Nullable Thread reporter; // of the session
  private final Object polling = new Object();
  private @Nullable Session polled; // guarded by polling; the session whose poll is in flight

  /**
   * Makes a worker that is not started yet.
   *
   * @param fanfare the client that handlers trigger with
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

  /** Starts the worker, which begins as soon as the server can be reached. */
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
          backoff.pause(); // so that sessions that are gone at once do not flood the server
        }
      } catch (FanfareException e) {
        pause(e, backoff);
      } catch (InterruptedException e) {
        // the session is gone or the worker stops: the loop conditions check which
      } catch (RuntimeException | Error e) {
        // even out of memory, which may pass, must not end the worker
        log.error("Polling failed unexpectedly and will be retried", e);
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
      log.error("Reporting failed unexpectedly; the worker gives up the session", e);
      open.markGone();
    }
    synchronized (polling) {
      if (open.isGone() && polled == open) {
        poller.interrupt(); // its poll may wait for a response for a long time
      }
    }
  }

  private void poll(Session open, Backoff backoff) throws InterruptedException {
    open.outbox().awaitRoom();
    int room = open.awaitRoom();
    int free = Math.min(slots.awaitRoom(Slots.LINGER), room);
    if (stopping) {
      return;
    }
    try {
      PollResponse response = claim(open, free);
      backoff.reset();
      response.assignments().forEach(assignment -> execute(open, assignment));
      response.canceled().forEach(open::cancel);
    } catch (ApiException.NotFound e) {
      open.lapsed(e);
    } catch (ConnectionException e) {
      if (!open.isGone()) { // otherwise we interrupted the poll ourselves
        throw e;
      }
    }
  }

  /**
   * Polls in a session. Only the poll of a session that is gone may be interrupted: interrupting a
   * poll of the next session would lose the runs that the server claimed for it.
   */
  private PollResponse claim(Session open, int free) {
    synchronized (polling) {
      if (open.isGone()) {
        return new PollResponse(List.of(), List.of());
      }
      polled = open;
    }
    try {
      open.contact();
      PollResponse response =
          calls.poll(
              open.opened(),
              open.nextPoll(free),
              ReportSender.timeoutOfSmall(open.opened().leaseMillis()));
      open.answered();
      return response;
    } finally {
      synchronized (polling) {
        polled = null;
        Thread.interrupted(); // its cause, the session or stopping, is checked by the callers
      }
    }
  }

  private void execute(Session open, Assignment assignment) {
    BoundTask<?, ?> task = tasks.get(assignment.task());
    if (task == null) {
      // The server assigns only declared tasks, so this is its mistake. Handing the run back would
      // bring it here again.
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
        RunError.internal("COULD_NOT_FIND_TASK", "The worker has no task " + assignment.task()),
        false,
        false);
  }

  private void pause(Throwable e, Backoff backoff) {
    if (stopping) {
      return;
    }
    if (backoff.shouldLog()) {
      log.warn("Polling for runs failed and will be retried: {}", WorkerCalls.reason(e));
    }
    try {
      backoff.pause();
    } catch (InterruptedException interrupted) {
      // the session is gone or the worker stops: the caller checks which
    }
  }

  /**
   * Stops the worker: claims no more runs, hands back those not started, waits for running attempts
   * up to the grace period, interrupts the rest and hands them back, and closes the session.
   * Returns when all that is done; at once when a handler of this worker calls it, which cannot
   * wait for itself.
   */
  public void close() {
    Thread caller = Thread.currentThread();
    if (!slots.isWithinAttempt() && caller != poller && caller != reporter) {
      closeAndWait();
    } else if (closedFromWithin.compareAndSet(false, true)) {
      stopping = true;
      thread("fanfare-close", this::closeAndWait).start();
    }
  }

  private void closeAndWait() {
    synchronized (closing) {
      stopping = true;
      // An interrupt of the closing thread ends the grace period. The last calls are still sent.
      boolean interrupted = Thread.interrupted();
      Session open = session;
      if (open != null) {
        interrupted |= !drain(open, interrupted ? Duration.ZERO : grace);
      }
      poller.interrupt();
      interrupted |= !join(poller);
      Session last = session; // includes one that the poll thread was just opening
      if (last != null) {
        finish(last);
        session = null;
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Drains a session; returns false when interrupted. */
  private boolean drain(Session open, Duration patience) {
    open.drain();
    boolean uninterrupted = true;
    boolean idle = false;
    try {
      idle = open.awaitIdle(patience);
    } catch (InterruptedException e) {
      uninterrupted = false;
    }
    if (!idle) {
      log.warn("Attempts outlived the grace period; they are interrupted and handed back");
      open.giveUpAll();
      try {
        slots.awaitIdle(SETTLE); // so that runs that are handed back no longer run here
      } catch (InterruptedException e) {
        uninterrupted = false;
      }
    }
    return uninterrupted;
  }

  private void finish(Session last) {
    last.outbox().close();
    Thread reports = reporter;
    if (reports != null) {
      join(reports);
      reports.interrupt(); // no effect if it has ended, which it has unless the server is away
    }
    if (last.isGone()) {
      return;
    }
    try {
      calls.close(last.opened());
    } catch (FanfareException e) {
      log.debug("Closing the session failed; it will lapse: {}", e.getMessage());
    }
  }

  /** Waits a moment for a thread to end; returns false when interrupted. */
  private static boolean join(Thread thread) {
    try {
      thread.join(SETTLE);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }
}

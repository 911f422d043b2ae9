package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.protocol.worker.PollResponse;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.FanfareException;
import dev.fanfare.sdk.Task;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the conversation with the server. One thread polls for work, one reports what happened;
 * both are platform threads, so that task code that keeps every virtual thread's carrier busy
 * cannot silence them. When the server is away both try again with growing waits; when it says that
 * the session is gone, everything the session held is dropped and a new one is opened.
 */
public final class WorkerSession {
  private static final Logger log = LoggerFactory.getLogger(WorkerSession.class);
  private static final long WAIT_MILLIS_MIN = 100;
  private static final long WAIT_MILLIS_MAX = 5_000;
  private static final Duration SETTLE = Duration.ofSeconds(2);

  private final WorkerCalls calls;
  private final SessionRequest introduction;
  private final Duration grace;
  private final Outbox outbox = new Outbox();
  private final Executions executions;
  private final Thread poller;
  private final Thread reporter;
  private final CountDownLatch drained = new CountDownLatch(1);
  private volatile boolean stopping;
  private @Nullable SessionResponse session; // guarded by this

  /**
   * @param grace how long running attempts may take to end when the worker stops
   */
  public WorkerSession(
      Transport transport,
      Codec codec,
      SessionRequest introduction,
      Map<String, Task<?, ?>> tasks,
      Duration grace) {
    this.calls = new WorkerCalls(transport);
    this.introduction = introduction;
    this.grace = grace;
    this.executions = new Executions(codec, tasks, introduction.slots(), outbox);
    this.poller = thread("fanfare-poll", this::poll);
    this.reporter = thread("fanfare-report", this::report);
  }

  @SuppressWarnings("ThreadPriorityCheck") // a hint, and a late heartbeat costs a reclaimed run
  private static Thread thread(String name, Runnable loop) {
    Thread thread = Thread.ofPlatform().name(name).daemon().unstarted(loop);
    thread.setPriority(Thread.MAX_PRIORITY);
    return thread;
  }

  /** Begins to work, at once or as soon as the server can be reached. */
  public void start() {
    poller.start();
    reporter.start();
  }

  /**
   * Stops: takes no more work, lets attempts end within the grace period, interrupts the rest and
   * hands them back, reports everything, closes the session. Returns when that is done.
   */
  public void close() {
    stopping = true;
    poller.interrupt();
    join(poller, SETTLE);
    executions.stop();
    if (!executions.awaitIdle(grace)) {
      executions.interruptAll();
      executions.awaitIdle(SETTLE);
    }
    drained.countDown();
    join(reporter, SETTLE);
    reporter.interrupt();
    SessionResponse open = current();
    if (open != null) {
      try {
        calls.close(open);
      } catch (FanfareException e) {
        log.debug("The session was not closed and will lapse: {}", e.getMessage());
      }
    }
  }

  private static void join(Thread thread, Duration patience) {
    try {
      thread.join(patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized @Nullable SessionResponse current() {
    return session;
  }

  private void poll() {
    Backoff backoff = new Backoff(WAIT_MILLIS_MIN, WAIT_MILLIS_MAX);
    try {
      while (!stopping) {
        int slots = executions.acquireSlots();
        int taken = 0;
        try {
          SessionResponse open = open();
          PollResponse response = calls.poll(open, slots);
          taken = begin(response.assignments());
          response.canceled().forEach(executions::lost);
          backoff.reset();
        } catch (FanfareException e) {
          failed("poll", e, backoff);
        } finally {
          executions.releaseSlots(slots - taken);
        }
      }
    } catch (InterruptedException e) {
      // the worker stops
    } catch (RuntimeException e) {
      log.error("The worker stopped polling", e);
    }
  }

  private int begin(List<Assignment> assignments) {
    assignments.forEach(executions::begin);
    return assignments.size();
  }

  /** The session, opened when there is none. */
  private synchronized SessionResponse open() {
    SessionResponse open = session;
    if (open == null) {
      open = calls.open(introduction);
      session = open;
      log.info("Worker {} is connected", introduction.name());
    }
    return open;
  }

  private void report() {
    Backoff backoff = new Backoff(WAIT_MILLIS_MIN, WAIT_MILLIS_MAX);
    try {
      while (drained.getCount() > 0 || !outbox.isEmpty()) {
        SessionResponse open = current();
        if (open == null) {
          // Nothing is held without a session, so there is nothing to say.
          drained.await(WAIT_MILLIS_MIN, TimeUnit.MILLISECONDS);
          continue;
        }
        long patience =
            drained.getCount() > 0 ? TimeUnit.MILLISECONDS.toNanos(open.leaseMillis() / 3) : 0;
        deliver(open, outbox.take(patience), backoff);
      }
    } catch (InterruptedException e) {
      // the worker stops, and waited long enough for the server
    } catch (RuntimeException e) {
      log.error("The worker stopped reporting", e);
    }
  }

  /** Sends a report until the server took it, or said that the session is gone. */
  private void deliver(SessionResponse open, ReportRequest report, Backoff backoff)
      throws InterruptedException {
    while (open.equals(current())) {
      try {
        ReportResponse response = calls.report(open, report);
        executions.reported(report, response);
        backoff.reset();
        return;
      } catch (ApiException.Refused e) {
        if (Reports.size(report) <= 1) {
          log.error("The server refuses to hear how a run ended: {}", e.getMessage());
          return;
        }
        // One bad entry must not silence the others: halve until it stands alone.
        for (ReportRequest half : Reports.halves(report)) {
          deliver(open, half, backoff);
        }
        return;
      } catch (FanfareException e) {
        failed("report", e, backoff);
      }
    }
  }

  private void failed(String what, FanfareException e, Backoff backoff)
      throws InterruptedException {
    if (e instanceof ApiException.NotFound) {
      lose();
      return;
    }
    if (!stopping && backoff.isWorthSaying()) {
      log.warn("The server did not take a {} and will be asked again: {}", what, e.getMessage());
    }
    backoff.pause();
  }

  /** The server has taken back all that this session held. */
  private synchronized void lose() {
    if (session != null) {
      log.warn("The session lapsed: what it held is taken back, a new one will be opened");
      session = null;
      executions.loseAll();
      outbox.clear();
    }
  }
}

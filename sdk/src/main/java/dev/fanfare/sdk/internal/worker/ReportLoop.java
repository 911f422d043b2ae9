package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.Held;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.FanfareException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports what happens in one session until it is closed or gone, one report at a time. While the
 * server is away it keeps what it has to say and tries again. One thread's.
 */
final class ReportLoop implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(ReportLoop.class);

  /** The platform's code for an output that cannot be stored. */
  private static final String OUTPUT_ERROR = "TASK_OUTPUT_ERROR";

  private final WorkerCalls calls;
  private final Session session;
  private final Backoff backoff = new Backoff();

  ReportLoop(WorkerCalls calls, Session session) {
    this.calls = calls;
    this.session = session;
  }

  @Override
  public void run() {
    try {
      while (!session.isGone()) {
        ReportRequest report = session.outbox().take(session.silenceNanos());
        if (report == null) {
          return;
        }
        if (size(report) > 0 || session.silenceNanos() <= 0) {
          deliver(report);
        }
      }
    } catch (InterruptedException e) {
      // the worker stops, and has waited long enough for the server
    }
  }

  /** Sends a report until the server has taken it or the session is gone. */
  private void deliver(ReportRequest report) throws InterruptedException {
    while (!session.isGone()) {
      try {
        session.contact();
        session.reported(report, calls.report(session.opened(), report));
        backoff.reset();
        return;
      } catch (ApiException.NotFound e) {
        session.lapsed(e);
      } catch (ApiException.Refused e) {
        if (size(report) > 0) {
          deliverParts(report, e);
          return;
        }
        pause(e);
      } catch (FanfareException e) {
        pause(e);
      }
    }
  }

  private void pause(FanfareException e) throws InterruptedException {
    if (backoff.isWorthSaying()) {
      log.warn(
          "The server did not take a report and will be asked again: {}", WorkerCalls.reason(e));
    }
    backoff.pause();
  }

  /**
   * The server refuses something in a report, and one bad entry must not silence the others. It is
   * cut in two until the bad one stands alone. Starts are left out first: they are news that the
   * ends will tell anyway.
   */
  private void deliverParts(ReportRequest report, ApiException.Refused refusal)
      throws InterruptedException {
    List<Finished> ends = report.finished();
    List<Held> back = report.returned();
    if (!report.started().isEmpty()) {
      log.warn("The server refuses a report with starts in it: {}", refusal.getMessage());
      deliverUnlessEmpty(new ReportRequest(List.of(), ends, back));
    } else if (!ends.isEmpty() && !back.isEmpty()) {
      deliver(new ReportRequest(List.of(), ends, List.of()));
      deliver(new ReportRequest(List.of(), List.of(), back));
    } else if (ends.size() > 1) {
      int half = ends.size() / 2;
      deliver(new ReportRequest(List.of(), ends.subList(0, half), List.of()));
      deliver(new ReportRequest(List.of(), ends.subList(half, ends.size()), List.of()));
    } else if (back.size() > 1) {
      int half = back.size() / 2;
      deliver(new ReportRequest(List.of(), List.of(), back.subList(0, half)));
      deliver(new ReportRequest(List.of(), List.of(), back.subList(half, back.size())));
    } else if (ends.isEmpty()) {
      log.error("The server refuses to take back {}: {}", back, refusal.getMessage());
      back.forEach(session::release);
    } else {
      deliverRefused(ends.getFirst(), refusal);
    }
  }

  private void deliverUnlessEmpty(ReportRequest report) throws InterruptedException {
    if (size(report) > 0) {
      deliver(report);
    }
  }

  /** The outcome of one run is refused: then that is its outcome. */
  private void deliverRefused(Finished end, ApiException.Refused refusal)
      throws InterruptedException {
    Finished instead = refused(end, refusal);
    if (instead == null) {
      log.error("The server refuses to hear how {} ended: {}", end.runId(), refusal.getMessage());
      session.release(new Held(end.runId(), end.fence()));
    } else {
      log.warn("The server refuses the outcome of {}: {}", end.runId(), refusal.getMessage());
      deliver(new ReportRequest(List.of(), List.of(instead), List.of()));
    }
  }

  private static @Nullable Finished refused(Finished end, ApiException.Refused refusal) {
    if (end.error() != null && OUTPUT_ERROR.equals(end.error().code())) {
      return null; // that was our second try
    }
    String what =
        end.output() == null
            ? "The error of the attempt"
            : "The output, %,d characters of JSON,".formatted(end.output().length());
    return new Finished(
        end.runId(),
        end.fence(),
        end.attempt(),
        end.durationMillis(),
        null,
        null,
        RunError.internal(
            OUTPUT_ERROR, what + " was refused by the server: " + refusal.getMessage()),
        false,
        end.canceled());
  }

  private static int size(ReportRequest report) {
    return report.started().size() + report.finished().size() + report.returned().size();
  }
}

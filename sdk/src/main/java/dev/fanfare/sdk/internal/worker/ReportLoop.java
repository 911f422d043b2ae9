package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.FanfareException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports what happens in one session, one report at a time, until the session is closed or gone.
 * It retries a report for as long as the server is unavailable. For use by one thread.
 */
final class ReportLoop implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(ReportLoop.class);

  /** Trigger.dev's code for an output that cannot be stored. */
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
          deliver(session.withChecked(report));
        }
      }
    } catch (InterruptedException e) {
      // the worker stops, and has waited for the server long enough
    }
  }

  /** Sends a report until the server accepts it or the session is gone. */
  private void deliver(ReportRequest report) throws InterruptedException {
    while (!session.isGone()) {
      try {
        session.contact();
        session.reported(report, calls.report(session.opened(), report.holding(session.held())));
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
    if (backoff.shouldLog()) {
      log.warn("Reporting failed and will be retried: {}", WorkerCalls.reason(e));
    }
    backoff.pause();
  }

  /**
   * Isolates the entry of a report that the server refuses, so that the others are delivered:
   * leaves out the starts, which the outcomes imply, and then halves the report until the bad entry
   * is alone.
   */
  private void deliverParts(ReportRequest report, ApiException.Refused refusal)
      throws InterruptedException {
    List<Finished> ends = report.finished();
    List<LeaseRef> back = report.returned();
    if (!report.started().isEmpty()) {
      log.warn(
          "The server refused a report; it is sent again without starts: {}", refusal.getMessage());
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
      log.error(
          "The server refused to take back {} and will reclaim them later: {}",
          back,
          refusal.getMessage());
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

  /** Reports a refused outcome as a failure of the attempt. */
  private void deliverRefused(Finished end, ApiException.Refused refusal)
      throws InterruptedException {
    Finished instead = refused(end, refusal);
    if (instead == null) {
      log.error(
          "The server refused even the failure of run {}, which it reclaims after this session: {}",
          end.runId(),
          refusal.getMessage());
      session.release(new LeaseRef(end.runId(), end.fence()));
    } else {
      log.warn(
          "The server refused the outcome of run {}, which is reported as failed: {}",
          end.runId(),
          refusal.getMessage());
      deliver(new ReportRequest(List.of(), List.of(instead), List.of()));
    }
  }

  private static @Nullable Finished refused(Finished end, ApiException.Refused refusal) {
    if (end.error() != null && OUTPUT_ERROR.equals(end.error().code())) {
      return null; // it is such a failure already
    }
    String what =
        end.output() == null
            ? "The error of the attempt"
            : String.format(
                Locale.ROOT, "The output, %,d characters of JSON,", end.output().length());
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

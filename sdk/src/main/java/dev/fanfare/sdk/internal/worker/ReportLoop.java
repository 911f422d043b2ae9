package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.FanfareException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports what happens in one session, one report at a time, until the session is closed or gone.
 * It retries a report for as long as the server is unavailable. A report that is large, or that
 * fails while others get through, is left to {@link SeparateReports}: starts and heartbeats, which
 * are due within seconds, never wait for it. For use by one thread.
 */
final class ReportLoop implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(ReportLoop.class);

  /** A report with more characters in its outcomes is sent separately. */
  private static final long LARGE_CHARS = 256L * 1024;

  /** After so many failures, or after so many time-outs, it is tested whether others fail, too. */
  private static final int FAILURES_MAX = 3;

  private static final int TIMEOUTS_MAX = 2;

  private final Session session;
  private final ReportSender sender;
  private final SeparateReports separate;
  private final Backoff backoff = new Backoff();

  ReportLoop(WorkerCalls calls, Session session) {
    this.session = session;
    this.sender = new ReportSender(calls, session);
    this.separate = new SeparateReports(sender, session, SeparateReports.TriesMax.DEFAULT);
  }

  @Override
  public void run() {
    try {
      for (ReportRequest report = next(); report != null; report = next()) {
        if (!ReportParts.isEmpty(report) || session.silenceNanos() <= 0) {
          deliver(session.withChecked(report));
        }
      }
      separate.awaitDelivered();
    } catch (InterruptedException e) {
      // the worker stops, and has waited for the server long enough
    } finally {
      separate.close();
    }
  }

  /** The next report; {@code null} at the end of the session. */
  private @Nullable ReportRequest next() throws InterruptedException {
    while (!session.isGone()) {
      if (!separate.awaitRoom()) {
        return session.outbox().takeStarts();
      }
      ReportRequest report = session.outbox().take(session.silenceNanos());
      if (report == null || Outbox.chars(report.finished()) <= LARGE_CHARS) {
        return report;
      }
      separate.add(new ReportRequest(List.of(), report.finished(), List.of()));
      if (!report.started().isEmpty() || !report.returned().isEmpty()) {
        return new ReportRequest(report.started(), List.of(), report.returned());
      }
    }
    return null;
  }

  /** Sends a report until the server accepts it, it is left to others, or the session is gone. */
  private void deliver(ReportRequest report) throws InterruptedException {
    int failures = 0;
    int timeouts = 0;
    while (!session.isGone()) {
      session.contact();
      FanfareException failure = sender.send(report);
      if (failure == null) {
        backoff.reset();
        return;
      }
      if (failure instanceof ApiException.NotFound e) {
        session.lapsed(e);
        return;
      }
      failures++;
      timeouts += ReportSender.isTimeout(failure) ? 1 : 0;
      if (!ReportParts.isEmpty(report)) {
        if (failure instanceof ApiException.Refused refusal) {
          log.warn("The server refused a report, which is sent in parts: {}", refusal.getMessage());
          separate.addRefused(report, refusal);
          return;
        }
        if ((failures >= FAILURES_MAX || timeouts >= TIMEOUTS_MAX) && leave(report, failure)) {
          return;
        }
      }
      pause(failure);
    }
  }

  /**
   * Leaves a report to others if it is the report that fails, and not the server: if its starts get
   * through without the rest.
   */
  private boolean leave(ReportRequest report, FanfareException failure) {
    ReportRequest rest = new ReportRequest(List.of(), report.finished(), report.returned());
    if (ReportParts.isEmpty(rest)) {
      return false; // few bytes, which say nothing about the server that a heartbeat would not
    }
    session.contact();
    if (sender.send(new ReportRequest(report.started(), List.of(), List.of())) != null) {
      return false;
    }
    log.warn(
        "A report fails while others get through, and is sent in parts: {}",
        WorkerCalls.reason(failure));
    separate.addFailed(rest);
    backoff.reset();
    return true;
  }

  private void pause(FanfareException e) throws InterruptedException {
    if (backoff.shouldLog()) {
      log.warn("Reporting failed and will be retried: {}", WorkerCalls.reason(e));
    }
    backoff.pause();
  }
}

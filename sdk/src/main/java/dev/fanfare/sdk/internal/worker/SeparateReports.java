package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.FanfareException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the reports of a session that must not hold up others: large ones, and those that fail
 * while others get through. A report that fails is parted until the entries that fail are alone;
 * these are tried again with growing waits. An entry whose content the server refuses, or that
 * fails too often although other reports get through, is given up: an outcome is then reported as a
 * failure of its attempt. Safe for use by many threads.
 */
final class SeparateReports {
  private static final Logger log = LoggerFactory.getLogger(SeparateReports.class);

  /** How many reports are sent at once. */
  private static final int SENDERS = 3;

  /** Reports waiting here, beyond which the outcomes that follow wait in the outbox. */
  private static final int WAITING_MAX = 1_000;

  private static final long WAITING_CHARS_MAX = 16L * 1024 * 1024;

  /** How long {@link #awaitRoom} waits: starts and heartbeats are due meanwhile. */
  private static final long ROOM_MILLIS = 100;

  private static final ReportRequest HEARTBEAT = new ReportRequest(List.of(), List.of(), List.of());

  /** Failures of a report with several entries, after which it is parted. */
  private static final int FAILURES_MAX = 2;

  /**
   * After how many failures an entry that is sent alone is given up. The waits in between grow to 5
   * seconds.
   *
   * @param refusals of refusals that are no verdicts
   * @param errors of errors such as 500, which say nothing about whether another try can help
   * @param losses of lost connections, time-outs, and answers to try again
   */
  record TriesMax(int refusals, int errors, int losses) {
    /** About a second, a minute, and eight minutes. */
    static final TriesMax DEFAULT = new TriesMax(3, 20, 100);
  }

  private final ReportSender sender;
  private final Session session;
  private final TriesMax triesMax;
  private final ScheduledThreadPoolExecutor senders;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition fewer = lock.newCondition();
  private int waiting; // guarded by lock
  private long waitingChars; // guarded by lock

  SeparateReports(ReportSender sender, Session session, TriesMax triesMax) {
    this.sender = sender;
    this.session = session;
    this.triesMax = triesMax;
    this.senders =
        new ScheduledThreadPoolExecutor(
            SENDERS, Thread.ofPlatform().name("fanfare-report-", 1).factory());
    // So that a session without such reports, which is the rule, has no threads for them.
    senders.setKeepAliveTime(10, TimeUnit.SECONDS);
    senders.allowCoreThreadTimeOut(true);
  }

  /** A report on its way; used by one sender at a time. */
  private static final class Parcel {
    final ReportRequest report;
    final long chars;
    final Backoff backoff = new Backoff();
    int failures;
    int refusals;
    int errors;
    int losses;
    long deliveredBefore;

    Parcel(ReportRequest report, long deliveredBefore) {
      this.report = report;
      this.chars = Outbox.chars(report.finished());
      this.deliveredBefore = deliveredBefore;
    }

    boolean isSingle() {
      return ReportParts.size(report) == 1;
    }
  }

  /** Adds a report that was not sent yet. */
  void add(ReportRequest report) {
    Parcel parcel = new Parcel(report, sender.delivered());
    enter(parcel);
    schedule(parcel, 0);
  }

  /** Adds a report that failed while others got through. */
  void addFailed(ReportRequest report) {
    if (ReportParts.size(report) > 1) {
      ReportParts.of(report).forEach(this::add);
    } else {
      add(report);
    }
  }

  /** Adds a report that the server refused. */
  void addRefused(ReportRequest report, ApiException.Refused refusal) {
    Parcel parcel = new Parcel(report, sender.delivered());
    enter(parcel);
    failed(parcel, refusal);
  }

  /** Waits a moment for room; returns false when there is none yet. */
  boolean awaitRoom() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(ROOM_MILLIS);
      while (isFull() && left > 0) {
        left = fewer.awaitNanos(left);
      }
      return !isFull();
    } finally {
      lock.unlock();
    }
  }

  private boolean isFull() {
    return waiting >= WAITING_MAX || waitingChars >= WAITING_CHARS_MAX;
  }

  /** Waits until every report is delivered or given up. */
  void awaitDelivered() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (waiting > 0 && !session.isGone()) {
        fewer.await(ROOM_MILLIS, TimeUnit.MILLISECONDS);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Stops sending; drops what is not delivered. */
  void close() {
    senders.shutdownNow();
  }

  private void enter(Parcel parcel) {
    lock.lock();
    try {
      waiting++;
      waitingChars += parcel.chars;
    } finally {
      lock.unlock();
    }
  }

  private void leave(Parcel parcel) {
    lock.lock();
    try {
      waiting--;
      waitingChars -= parcel.chars;
      fewer.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // send() catches everything
  private void schedule(Parcel parcel, long delayMillis) {
    if (!senders.isShutdown()) {
      senders.schedule(() -> send(parcel), delayMillis, TimeUnit.MILLISECONDS);
    }
  }

  private void send(Parcel parcel) {
    try {
      FanfareException failure = session.isGone() ? null : sender.send(parcel.report);
      if (failure == null) {
        leave(parcel);
      } else if (failure instanceof ApiException.NotFound e) {
        session.lapsed(e);
        leave(parcel);
      } else if (!senders.isShutdown()) {
        failed(parcel, failure);
      }
    } catch (RuntimeException | Error e) {
      log.error("Reporting failed unexpectedly; the worker gives up the session", e);
      session.markGone();
    }
  }

  private void failed(Parcel parcel, FanfareException failure) {
    count(parcel, failure);
    if (parcel.isSingle() ? isHopeless(parcel, failure) : isToBeParted(parcel, failure)) {
      if (parcel.isSingle()) {
        giveUp(parcel, failure);
      } else {
        ReportParts.of(parcel.report).forEach(this::add);
      }
      leave(parcel);
    } else {
      if (parcel.backoff.shouldLog()) {
        log.warn(
            "Reporting {} failed and will be retried: {}",
            parcel.isSingle() ? name(parcel.report) : parcel.report.finished().size() + " outcomes",
            WorkerCalls.reason(failure));
      }
      schedule(parcel, parcel.backoff.nextMillis());
    }
  }

  /** Counts a failure, unless others fail, too, which means that the server is away. */
  private void count(Parcel parcel, FanfareException failure) {
    if (failure instanceof ApiException.Refused) {
      parcel.refusals++;
      return;
    }
    if (sender.delivered() == parcel.deliveredBefore && sender.send(HEARTBEAT) != null) {
      return;
    }
    parcel.deliveredBefore = sender.delivered();
    parcel.failures++;
    if (isError(failure)) {
      parcel.errors++;
    } else {
      parcel.losses++;
    }
  }

  /** Whether the server answered, and not that the report should be sent again. */
  private static boolean isError(FanfareException failure) {
    return failure instanceof ApiException answer
        && !(answer instanceof ApiException.RateLimited)
        && answer.status() != 503;
  }

  private static boolean isToBeParted(Parcel parcel, FanfareException failure) {
    return failure instanceof ApiException.Refused || parcel.failures >= FAILURES_MAX;
  }

  private boolean isHopeless(Parcel parcel, FanfareException failure) {
    return (failure instanceof ApiException.Refused refusal && ReportSender.isVerdict(refusal))
        || parcel.refusals >= triesMax.refusals
        || parcel.errors >= triesMax.errors
        || parcel.losses >= triesMax.losses;
  }

  private void giveUp(Parcel parcel, FanfareException failure) {
    String reason = WorkerCalls.reason(failure);
    ReportRequest report = parcel.report;
    if (!report.started().isEmpty()) {
      log.warn("The start of run {} is not reported: {}", name(report), reason);
    } else if (report.finished().isEmpty()) {
      log.error("Run {} cannot be handed back and is reclaimed later: {}", name(report), reason);
      report.returned().forEach(session::release);
    } else {
      giveUp(report.finished().getFirst(), reason);
    }
  }

  /** Reports an outcome that does not get through as a failure of its attempt. */
  private void giveUp(Finished end, String reason) {
    Finished instead = instead(end, reason);
    if (instead == null) {
      log.error(
          "Not even the failure of run {} gets through; the server reclaims the run after this"
              + " session: {}",
          end.runId(),
          reason);
      session.release(new LeaseRef(end.runId(), end.fence()));
    } else {
      log.warn(
          "The outcome of run {} does not get through and is reported as a failure: {}",
          end.runId(),
          reason);
      add(new ReportRequest(List.of(), List.of(instead), List.of()));
    }
  }

  private static @Nullable Finished instead(Finished end, String reason) {
    if (end.error() != null && RunError.Codes.OUTPUT.equals(end.error().code())) {
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
            RunError.Codes.OUTPUT, what + " could not be reported to the server: " + reason),
        false,
        end.canceled());
  }

  private static String name(ReportRequest report) {
    if (!report.started().isEmpty()) {
      return report.started().getFirst().runId();
    }
    return report.finished().isEmpty()
        ? report.returned().getFirst().runId()
        : report.finished().getFirst().runId();
  }
}

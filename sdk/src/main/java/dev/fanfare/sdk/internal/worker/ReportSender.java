package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.ConnectionException;
import dev.fanfare.sdk.FanfareException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Sends reports of one session and acts on the responses. Safe for use by many threads. */
final class ReportSender {
  /** The slowest link, in bytes a second, over which every report gets through. */
  private static final long LINK_BYTES_PER_SECOND = 32 * 1024;

  private static final Duration TIMEOUT_MIN = Duration.ofSeconds(5);
  private static final Duration TIMEOUT_OF_SMALL_MAX = Duration.ofSeconds(15);
  private static final Duration TIMEOUT_MAX = Duration.ofMinutes(10);

  private final WorkerCalls calls;
  private final Session session;
  private final Duration timeoutOfSmall;
  private final AtomicLong delivered = new AtomicLong();

  ReportSender(WorkerCalls calls, Session session) {
    this.calls = calls;
    this.session = session;
    this.timeoutOfSmall = timeoutOfSmall(session.opened().leaseMillis());
  }

  /** Short enough that a call whose connection is dead can be sent again within the lease. */
  static Duration timeoutOfSmall(long leaseMillis) {
    return Duration.ofMillis(
        Math.clamp(leaseMillis / 3, TIMEOUT_MIN.toMillis(), TIMEOUT_OF_SMALL_MAX.toMillis()));
  }

  /** How long a report of so many characters may take: longer, the longer it is, but bounded. */
  Duration timeout(long chars) {
    Duration byLength = timeoutOfSmall.plusSeconds(chars / LINK_BYTES_PER_SECOND);
    return byLength.compareTo(TIMEOUT_MAX) < 0 ? byLength : TIMEOUT_MAX;
  }

  /** How many reports the server has accepted. */
  long delivered() {
    return delivered.get();
  }

  /** Sends a report once; returns why it failed, or {@code null} when the server accepted it. */
  @Nullable FanfareException send(ReportRequest report) {
    try {
      Duration timeout = timeout(Outbox.chars(report.finished()));
      ReportRequest sent = report.holding(session.held());
      session.reported(report, calls.report(session.opened(), sent, timeout));
      delivered.incrementAndGet();
      return null;
    } catch (FanfareException e) {
      return e;
    } catch (OutOfMemoryError e) { // encoding takes a multiple of the report; a part may fit
      return new ConnectionException("Out of memory while sending a report", e);
    }
  }

  /** Whether the server, or what is between, took too long. */
  static boolean isTimeout(FanfareException failure) {
    return failure instanceof ConnectionException && failure.getCause() instanceof TimeoutException;
  }

  /**
   * Whether a refusal says that it is about what was sent, and not about how it arrived: a body
   * that was damaged on its way can look malformed, too.
   */
  static boolean isVerdict(ApiException.Refused refusal) {
    return refusal.status() == 413
        || refusal.status() == 422
        || String.valueOf(refusal.getMessage()).startsWith("Validation error");
  }
}

package dev.fanfare.server.lease;

import static dev.fanfare.server.config.ServerSettings.RETRY_IN_PLACE_MAX;

import dev.fanfare.server.component.Resources;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.ReportResult;
import dev.fanfare.server.lease.ReportWriting.Written;
import dev.fanfare.server.run.FinishRuns;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes a worker's report in one transaction, for many runs: starts, outcomes, retries, runs
 * handed back. A worker may send a report again after the response was lost: runs that the first
 * one ended are in the response as lost, and a retry is granted again because its attempt has not
 * started.
 */
public final class ReportAttempts {
  private final Database database;
  private final Signals signals;
  private final FinishRuns finishRuns;
  private final FailAttempts failAttempts;

  ReportAttempts(Resources resources, FinishRuns finishRuns) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.finishRuns = finishRuns;
    this.failAttempts =
        new FailAttempts(resources.random(), resources.config().get(RETRY_IN_PLACE_MAX));
  }

  /**
   * Writes a report; returns once it is durable.
   *
   * @param known the leases of the session that this server claimed
   */
  public ReportResult report(Session session, KnownLeases known, AttemptReport report) {
    int environmentId = session.environmentId();
    List<Lease> leases = report.hasOnlySuccesses() ? known.of(report.finished()) : null;
    known.forget(report);
    Written written = leases == null ? null : writeKnown(session, report, leases);
    if (written == null) {
      written = database.transaction(environmentId, tx -> write(tx, session, report)).get();
    }
    if (!written.claimable().isEmpty()) {
      signals.ready(environmentId, written.claimable(), 1);
    }
    return written.result();
  }

  /** Writes a report in one round trip; {@code null} if a lease is not as it was known. */
  private @Nullable Written writeKnown(Session session, AttemptReport report, List<Lease> leases) {
    try {
      return database
          .transaction(
              session.environmentId(),
              tx -> {
                ReportWriting writing = new ReportWriting(tx, session.id());
                writing.succeed(session, report.finished(), leases);
                return writing.finish(finishRuns);
              })
          .get();
    } catch (OutdatedLeaseException e) {
      return null;
    }
  }

  private Later<Written> write(Tx tx, Session session, AttemptReport report) {
    ReportWriting writing = new ReportWriting(tx, session.id());
    if (!report.started().isEmpty()) {
      writing.start(report.started());
    }
    List<Finished> succeeded = report.finished().stream().filter(f -> f.error() == null).toList();
    if (!succeeded.isEmpty()) {
      writing.succeed(succeeded);
    }
    List<Finished> failed = report.finished().stream().filter(f -> f.error() != null).toList();
    if (!failed.isEmpty()) {
      writing.fail(failAttempts, failed, inPlaceMax(session, report));
    }
    if (!report.returned().isEmpty()) {
      writing.handBack(report.returned());
    }
    if (!report.checked().isEmpty()) {
      writing.check(report.checked());
    }
    return writing.finish(finishRuns);
  }

  /**
   * How many runs may wait for their next attempt at the worker, so that it does not hold more runs
   * than it has slots: otherwise a task that fails fast would take its whole backlog to one worker.
   */
  private static int inPlaceMax(Session session, AttemptReport report) {
    if (report.held() == null) {
      return Integer.MAX_VALUE;
    }
    int others = report.held() - report.finished().size() - report.returned().size();
    return Math.max(0, session.slots() - Math.max(0, others));
  }
}

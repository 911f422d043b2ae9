package dev.fanfare.server.lease;

import static dev.fanfare.server.config.ServerSettings.LOSSES_MAX;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.component.Contact;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.FinishRuns;
import dev.fanfare.server.run.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What becomes of runs that their workers lost. They are queued again at their old ranks. A run
 * with too many losses ends as SYSTEM_FAILURE, because it may be what kills its workers.
 */
final class Reclaim {
  /** A worker waits up to five seconds between two tries, and a call to a server may hang. */
  private static final Duration CONTACT_MIN = Duration.ofSeconds(10);

  /** A busy machine may delay a step of a sweep for so long; that is no break in the contact. */
  private static final Duration PAUSE_MIN = Duration.ofSeconds(2);

  private final Signals signals;
  private final FinishRuns finishRuns;
  private final ServerConfig config;

  Reclaim(Resources resources, FinishRuns finishRuns) {
    this.signals = resources.signals();
    this.finishRuns = finishRuns;
    this.config = resources.config();
  }

  /**
   * The contact with the database that must precede a reclaim: while the database or all servers
   * are away, workers can neither renew sessions nor report.
   */
  Contact contact(Duration interval) {
    Duration lease = config.get(SESSION_LEASE);
    return new Contact(
        longer(lease.dividedBy(2), CONTACT_MIN), longer(lease.dividedBy(10), PAUSE_MIN), interval);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  /**
   * Queues the runs of lost leases, or ends them. Called last in its transaction.
   *
   * @param exceeded leases of attempts that exceeded their max duration, whose runs end
   */
  void settle(Tx tx, List<Lease> lost, List<Lease> exceeded, Instant now) {
    Settlement settlement = new Settlement();
    for (Lease lease : exceeded) {
      settlement.end(lease, tooLong(lease, now));
    }
    for (Lease lease : lost) {
      int losses = lease.losses() + 1;
      if (losses > config.get(LOSSES_MAX)) {
        settlement.end(lease, lostTooOften(lease, losses, now));
      } else {
        settlement.queue(lease, losses);
      }
    }
    Later<?> _ = settlement.write(tx, finishRuns);
  }

  /** Wakes waiting polls, after the commit. */
  void signal(int environmentId) {
    signals.ready(environmentId);
  }

  private static Outcome tooLong(Lease lease, Instant now) {
    return outcome(
        lease,
        RunStatus.TIMED_OUT,
        RunError.internal(
            RunError.Codes.TOO_LONG,
            "The attempt exceeded its max duration, and its worker did not end it"),
        now);
  }

  private static Outcome lostTooOften(Lease lease, int losses, Instant now) {
    boolean started = lease.startedAt() != null;
    RunError error =
        RunError.internal(
            started ? RunError.Codes.STALLED : RunError.Codes.DEQUEUED_TOO_OFTEN,
            "The worker of this run was lost " + losses + " times");
    return outcome(lease, RunStatus.SYSTEM_FAILURE, error, now);
  }

  private static Outcome outcome(Lease lease, RunStatus status, RunError error, Instant now) {
    return new Outcome(
        lease.runId(),
        lease.batchId(),
        status,
        lease.attempt(),
        null,
        null,
        error,
        lease.firstStartedAt(),
        lease.startedAt() == null ? 0 : Duration.between(lease.startedAt(), now).toMillis(),
        lease.versionId());
  }
}

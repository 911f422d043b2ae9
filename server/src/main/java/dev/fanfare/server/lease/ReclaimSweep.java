package dev.fanfare.server.lease;

import static dev.fanfare.server.config.ServerSettings.CANCEL_LIMIT;
import static dev.fanfare.server.config.ServerSettings.LOSSES_MAX;
import static dev.fanfare.server.config.ServerSettings.START_LIMIT;
import static dev.fanfare.server.config.ServerSettings.SWEEP_INTERVAL;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.FinishRuns;
import dev.fanfare.server.run.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Reclaims runs from workers that were lost, did not start a run in time, or did not confirm a
 * cancel in time. The runs are queued again at their old ranks. A run with too many losses ends as
 * SYSTEM_FAILURE, because it may be what kills its workers.
 */
final class ReclaimSweep implements Sweep {
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final Signals signals;
  private final FinishRuns finishRuns;
  private final ServerConfig config;
  private final LeaseStore leaseStore = new LeaseStore();

  ReclaimSweep(Resources resources, FinishRuns finishRuns) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.finishRuns = finishRuns;
    this.config = resources.config();
  }

  @Override
  public Duration interval() {
    return config.get(SWEEP_INTERVAL);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    int reclaimed = database.transaction(environmentId, tx -> reclaim(tx, now));
    if (reclaimed > 0) {
      signals.ready(environmentId);
    }
    return reclaimed;
  }

  private int reclaim(Tx tx, Instant now) {
    List<Lease> lost =
        leaseStore.reclaim(
            tx,
            now,
            now.minus(config.get(START_LIMIT)),
            now.minus(config.get(CANCEL_LIMIT)),
            AT_ONCE);
    Settlement settlement = new Settlement();
    for (Lease lease : lost) {
      int losses = lease.losses() + 1;
      if (losses > config.get(LOSSES_MAX)) {
        settlement.end(lease, lostTooOften(lease, losses, now));
      } else {
        settlement.queue(lease, losses);
      }
    }
    settlement.write(tx, finishRuns);
    return lost.size();
  }

  private static Outcome lostTooOften(Lease lease, int losses, Instant now) {
    boolean started = lease.startedAt() != null;
    RunError error =
        RunError.internal(
            started ? RunError.Codes.STALLED : RunError.Codes.DEQUEUED_TOO_OFTEN,
            "The worker of this run was lost " + losses + " times");
    return new Outcome(
        lease.runId(),
        lease.batchId(),
        RunStatus.SYSTEM_FAILURE,
        lease.attempt(),
        null,
        null,
        error,
        lease.firstStartedAt(),
        lease.startedAt() == null ? 0 : Duration.between(lease.startedAt(), now).toMillis(),
        lease.versionId());
  }
}

package dev.fanfare.server.lease;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.Ending;
import dev.fanfare.server.run.FinishRuns;
import dev.fanfare.server.upkeep.Sweep;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Takes runs back from workers that were lost, or that never started what they claimed, and queues
 * them again at their old places. A run that is lost too often ends as SYSTEM_FAILURE: it may be
 * the one that kills its workers.
 */
public final class ReclaimSweep implements Sweep {
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final Signals signals;
  private final FinishRuns finish;
  private final Limits limits;
  private final LeaseStore leases = new LeaseStore();

  /**
   * @param interval pause between two looks
   * @param start how long a claimed run may take to start
   * @param cancel how long a worker may take to confirm that it stopped a canceled run
   * @param lossesMax how often a run may be lost and still be tried again
   */
  public record Limits(Duration interval, Duration start, Duration cancel, int lossesMax) {}

  public ReclaimSweep(Database database, Signals signals, FinishRuns finish, Limits limits) {
    this.database = database;
    this.signals = signals;
    this.finish = finish;
    this.limits = limits;
  }

  @Override
  public Duration interval() {
    return limits.interval();
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    int reclaimed = database.transaction(tx -> reclaim(tx, environmentId, now));
    if (reclaimed > 0) {
      signals.ready(environmentId);
    }
    return reclaimed;
  }

  private int reclaim(Tx tx, int environmentId, Instant now) {
    List<Lease> lost =
        leases.reclaim(
            tx, environmentId, now, now.minus(limits.start()), now.minus(limits.cancel()), AT_ONCE);
    Settlement settlement = new Settlement();
    for (Lease lease : lost) {
      int losses = lease.losses() + 1;
      if (losses > limits.lossesMax()) {
        settlement.end(lease, lostTooOften(lease, losses, now));
      } else {
        settlement.queue(lease, losses);
      }
    }
    settlement.write(tx, environmentId, finish);
    return lost.size();
  }

  private static Ending lostTooOften(Lease lease, int losses, Instant now) {
    boolean started = lease.startedAt() != null;
    RunError error =
        RunError.internal(
            started ? RunError.Codes.STALLED : RunError.Codes.DEQUEUED_TOO_OFTEN,
            "The worker of this run was lost " + losses + " times");
    return new Ending(
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

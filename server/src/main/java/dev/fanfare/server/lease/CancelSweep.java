package dev.fanfare.server.lease;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.CancellationStore.Branch;
import dev.fanfare.server.run.FinishRuns;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Continues to cancel families that were too large for the transaction of {@link CancelRun}. */
final class CancelSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Database database;
  private final Signals signals;
  private final FinishRuns finishRuns;
  private final CancellationStore cancellationStore = new CancellationStore();

  CancelSweep(Resources resources, FinishRuns finishRuns) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.finishRuns = finishRuns;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(CancellationStore.DUE);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    int branches = database.transaction(environmentId, tx -> cancelBranches(tx));
    if (branches > 0) {
      signals.readyForAll(environmentId); // waiting polls return with the cancels
    }
    return branches;
  }

  private int cancelBranches(Tx tx) {
    List<Branch> branches = cancellationStore.take(tx, Cancellation.RUNS_PER_ROUND);
    if (branches.isEmpty()) {
      return 0;
    }
    Cancellation cancellation = new Cancellation(tx);
    cancellation.cancelDescendants(branches);
    cancellation.write(finishRuns);
    return branches.size() - cancellation.stuck();
  }
}

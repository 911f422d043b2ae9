package dev.fanfare.server.lease;

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

/** Goes on with canceling families that were too large for the transaction of {@link CancelRun}. */
final class CancelSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Database database;
  private final Signals signals;
  private final FinishRuns finish;
  private final CancellationStore cancellations = new CancellationStore();

  CancelSweep(Resources resources, FinishRuns finish) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.finish = finish;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    int branches = database.transaction(environmentId, tx -> goOn(tx));
    if (branches > 0) {
      signals.ready(environmentId); // waiting polls bring the news to the workers
    }
    return branches;
  }

  private int goOn(Tx tx) {
    List<Branch> branches = cancellations.take(tx, Cancellation.AT_ONCE);
    if (!branches.isEmpty()) {
      Cancellation cancellation = new Cancellation(tx);
      cancellation.descend(branches);
      cancellation.write(finish);
    }
    return branches.size();
  }
}

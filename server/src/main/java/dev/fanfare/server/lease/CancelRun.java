package dev.fanfare.server.lease;

import dev.fanfare.server.component.Resources;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.CancellationStore.Branch;
import dev.fanfare.server.run.FamilyQueries;
import dev.fanfare.server.run.FamilyQueries.Place;
import dev.fanfare.server.run.FinishRuns;
import java.util.List;
import java.util.UUID;

/**
 * Cancels a run and its descendants. A waiting run ends at once. A claimed run is shown as canceled
 * at once, its worker is notified, and the run ends when the worker confirms. Canceling a final run
 * does not change it, so a repeated cancel is safe.
 */
public final class CancelRun {
  /** A run can move from one table to another while a try searches it. */
  private static final int TRIES = 10;

  private final Database database;
  private final Signals signals;
  private final FinishRuns finishRuns;
  private final FamilyQueries familyQueries = new FamilyQueries();
  private final LeaseStore leaseStore = new LeaseStore();

  CancelRun(Resources resources, FinishRuns finishRuns) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.finishRuns = finishRuns;
  }

  private enum TryResult {
    WORKERS_TO_NOTIFY,
    DONE,
    RUN_MOVED
  }

  /** Cancels an existing run; returns once the cancel is durable. */
  public void cancel(int environmentId, UUID runId) {
    for (int i = 0; i < TRIES; i++) {
      switch (database.transaction(environmentId, tx -> tryCancel(tx, runId))) {
        case WORKERS_TO_NOTIFY -> {
          signals.readyForAll(
              environmentId); // a waiting poll of the worker returns with the cancel
          return;
        }
        case DONE -> {
          return;
        }
        case RUN_MOVED -> {}
      }
    }
    throw DatabaseException.busy("The run changes too often to be canceled");
  }

  private TryResult tryCancel(Tx tx, UUID runId) {
    Place place = familyQueries.place(tx, runId);
    if (place == null || place.ended()) {
      return TryResult.DONE;
    }
    leaseStore.lock(tx, runId);
    Cancellation cancellation = new Cancellation(tx);
    if (!cancellation.cancel(List.of(place)).isEmpty()) {
      return TryResult.RUN_MOVED;
    }
    if (place.hasChildren()) {
      cancellation.cancelDescendants(List.of(Branch.whole(runId)));
    }
    cancellation.write(finishRuns);
    return cancellation.hasWorkersToNotify() ? TryResult.WORKERS_TO_NOTIFY : TryResult.DONE;
  }
}

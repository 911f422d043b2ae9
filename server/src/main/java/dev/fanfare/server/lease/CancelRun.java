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
 * Cancels a run and all that it triggered: what waits ends at once; what a worker holds is shown as
 * canceled at once, the worker is told, and it ends when the worker confirms. Canceling a final run
 * changes nothing, so that asking again is safe.
 */
public final class CancelRun {
  /** A run can move from one place to the next between two looks. */
  private static final int LOOKS = 10;

  private final Database database;
  private final Signals signals;
  private final FinishRuns finish;
  private final FamilyQueries families = new FamilyQueries();
  private final LeaseStore leases = new LeaseStore();

  CancelRun(Resources resources, FinishRuns finish) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.finish = finish;
  }

  private enum Look {
    HELD,
    OVER,
    MOVED
  }

  /** Cancels a run that exists and returns when that is durable. */
  public void cancel(int environmentId, UUID runId) {
    for (int look = 1; look <= LOOKS; look++) {
      switch (database.transaction(environmentId, tx -> look(tx, runId))) {
        case HELD -> {
          signals.ready(environmentId); // a waiting poll of its worker brings the news
          return;
        }
        case OVER -> {
          return;
        }
        case MOVED -> {}
      }
    }
    throw DatabaseException.busy("The run moves too fast to be canceled");
  }

  private Look look(Tx tx, UUID runId) {
    Place place = families.place(tx, runId);
    if (place == null || place.ended()) {
      return Look.OVER;
    }
    leases.lock(tx, runId);
    Cancellation cancellation = new Cancellation(tx);
    if (!cancellation.cancel(List.of(place)).isEmpty()) {
      return Look.MOVED;
    }
    if (place.hasChildren()) {
      cancellation.descend(List.of(Branch.whole(runId)));
    }
    cancellation.write(finish);
    return cancellation.held() ? Look.HELD : Look.OVER;
  }
}

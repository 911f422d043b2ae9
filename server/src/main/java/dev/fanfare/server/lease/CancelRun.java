package dev.fanfare.server.lease;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.DelayStore;
import dev.fanfare.server.queue.Entry;
import dev.fanfare.server.queue.ParkedStore;
import dev.fanfare.server.queue.ReadyStore;
import dev.fanfare.server.run.Ending;
import dev.fanfare.server.run.FinishRuns;
import dev.fanfare.server.run.RunReader;
import dev.fanfare.server.run.RunReader.Place;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Cancels a run: one that waits ends at once; one that a worker holds is shown as canceled at once,
 * its worker is told, and it ends when the worker confirms. Canceling a final run changes nothing,
 * so that asking again is safe.
 */
public final class CancelRun {
  /** A run can move from one place to the next between two looks. */
  private static final int LOOKS = 10;

  private final Database database;
  private final Signals signals;
  private final FinishRuns finish;
  private final RunReader runs = new RunReader();
  private final ReadyStore ready = new ReadyStore();
  private final DelayStore delays = new DelayStore();
  private final ParkedStore parked = new ParkedStore();
  private final LeaseStore leases = new LeaseStore();

  public CancelRun(Database database, Signals signals, FinishRuns finish) {
    this.database = database;
    this.signals = signals;
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
      switch (database.transaction(tx -> look(tx, environmentId, runId))) {
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

  /** Each place is left under a lock, so a run that is moving is waited for and then found. */
  private Look look(Tx tx, int environmentId, UUID runId) {
    Place place = runs.place(tx, environmentId, runId);
    if (place == null || place.ended()) {
      return Look.OVER;
    }
    Entry entry = ready.delete(tx, environmentId, place.laneId(), place.rank(), runId);
    if (entry == null) {
      if (leases.cancel(tx, environmentId, runId)) {
        return Look.HELD;
      }
      entry = waiting(tx, environmentId, runId, place);
    }
    if (entry == null) {
      return Look.MOVED;
    }
    finish.finish(
        tx,
        environmentId,
        List.of(
            Ending.canceled(runId, place.batchId(), entry.attempt(), entry.firstStartedAt(), 0)));
    return Look.OVER;
  }

  private @Nullable Entry waiting(Tx tx, int environmentId, UUID runId, Place place) {
    Entry entry = delays.delete(tx, environmentId, runId);
    return entry != null
        ? entry
        : parked.delete(tx, environmentId, place.taskId(), place.rank(), runId);
  }
}

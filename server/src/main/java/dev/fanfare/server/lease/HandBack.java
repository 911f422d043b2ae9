package dev.fanfare.server.lease;

import dev.fanfare.server.component.Resources;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.FinishRuns;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/** Returns runs of a session to their queues, without counting a loss. Thread-safe. */
public final class HandBack {
  private final Database database;
  private final Signals signals;
  private final FinishRuns finishRuns;
  private final LeaseStore leaseStore = new LeaseStore();
  private final UndeliveredStore undeliveredStore = new UndeliveredStore();

  HandBack(Resources resources, FinishRuns finishRuns) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.finishRuns = finishRuns;
  }

  /**
   * Queues all runs of the session again, at their old ranks, without counting a loss. Call it in
   * the transaction that deletes the session: the reclaim sweep counts a lease without a session as
   * lost.
   */
  public void all(Tx tx, UUID sessionId) {
    Settlement settlement = new Settlement();
    leaseStore.endAll(tx, sessionId).forEach(lease -> settlement.queue(lease, lease.losses()));
    Later<?> _ = settlement.write(tx, finishRuns);
  }

  /**
   * Queues runs again whose worker does not know that it holds them: the response to its poll could
   * not be sent. Leaves out runs that a later poll of the session has taken over, because that poll
   * delivers them.
   *
   * @param poll the number of the poll that claimed them; 0: the worker does not number its polls
   */
  public void undelivered(int environmentId, UUID sessionId, int poll, List<UUID> runIds) {
    queue(
        environmentId, sessionId, tx -> undeliveredStore.undelivered(tx, sessionId, poll, runIds));
  }

  /**
   * Queues the runs again that the polls from {@code unanswered} to {@code poll - 1} claimed,
   * unless a later poll has taken them over.
   */
  void unanswered(int environmentId, UUID sessionId, int unanswered, int poll) {
    queue(
        environmentId,
        sessionId,
        tx -> undeliveredStore.unanswered(tx, sessionId, unanswered, poll));
  }

  private void queue(int environmentId, UUID sessionId, Function<Tx, List<LeaseRef>> find) {
    Set<Integer> claimable =
        database
            .transaction(
                environmentId,
                tx -> {
                  Settlement settlement = new Settlement();
                  leaseStore
                      .handBack(tx, sessionId, find.apply(tx))
                      .forEach(lease -> settlement.queue(lease, lease.losses()));
                  return settlement.write(tx, finishRuns);
                })
            .get();
    if (!claimable.isEmpty()) {
      signals.ready(environmentId, claimable, 1);
    }
  }
}

package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.FinishRuns;
import java.util.UUID;

/** Returns the runs of a session to their queues when the session closes. */
public final class HandBack {
  private final FinishRuns finishRuns;
  private final LeaseStore leaseStore = new LeaseStore();

  HandBack(FinishRuns finishRuns) {
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
    settlement.write(tx, finishRuns);
  }
}

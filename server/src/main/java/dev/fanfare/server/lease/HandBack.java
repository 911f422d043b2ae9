package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.FinishRuns;
import java.util.UUID;

/** Returns to the queues all that a session holds when it says goodbye. */
public final class HandBack {
  private final FinishRuns finish;
  private final LeaseStore leases = new LeaseStore();

  HandBack(FinishRuns finish) {
    this.finish = finish;
  }

  /**
   * Queues the session's runs again, at their old places; their losses do not count. In the
   * transaction that ends the session: a lease whose session is not there counts as lost.
   */
  public void all(Tx tx, UUID sessionId) {
    Settlement settlement = new Settlement();
    leases.releaseAll(tx, sessionId).forEach(lease -> settlement.queue(lease, lease.losses()));
    settlement.write(tx, finish);
  }
}

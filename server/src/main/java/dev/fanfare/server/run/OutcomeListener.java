package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.util.List;

/**
 * Told of runs that ended, once for each, inside the transaction that ends them. How batches and
 * waits learn of endings without {@code run} knowing them.
 */
@FunctionalInterface
public interface OutcomeListener {
  /** These runs of one environment are final with this commit. */
  void runsEnded(Tx tx, List<Outcome> endings);
}

package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.util.List;

/**
 * Is notified of each outcome once, in the transaction that writes it. Packages of higher layers
 * implement it, so that {@code run} does not depend on them.
 */
@FunctionalInterface
public interface OutcomeListener {
  /** Called with the outcomes that {@code tx} has written; they become visible at its commit. */
  void runsEnded(Tx tx, List<Outcome> outcomes);
}

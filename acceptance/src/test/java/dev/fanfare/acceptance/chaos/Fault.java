package dev.fanfare.acceptance.chaos;

import java.time.Duration;
import java.util.Set;

/** Something that goes wrong in a {@link Cluster}, and is healed again. */
@FunctionalInterface
interface Fault {
  /**
   * Does it, and heals it: when this returns, everything is there again.
   *
   * @return the workers whose runs may have been taken from them meanwhile, and so may have been
   *     executed again. No other run may have been
   * @throws Impossible if it cannot be done on this machine
   */
  Set<Integer> strike(Cluster cluster, Draw draw) throws Exception;

  /** No worker may have lost a run. */
  Set<Integer> NOBODY = Set.of();

  /** Why a fault cannot be done here. */
  final class Impossible extends Exception {
    Impossible(String reason) {
      super(reason);
    }
  }

  /** Measures how long a fault has lasted. */
  final class Watch {
    private final long begun = System.nanoTime();

    /** The workers, if they were away for so long that their sessions may have lapsed. */
    Set<Integer> lost(Set<Integer> workers) {
      Duration elapsed = Duration.ofNanos(System.nanoTime() - begun);
      return elapsed.compareTo(Cluster.SAFE) < 0 ? NOBODY : workers;
    }
  }
}

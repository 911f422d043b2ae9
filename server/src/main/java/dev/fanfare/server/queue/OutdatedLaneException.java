package dev.fanfare.server.queue;

import java.util.Set;

/**
 * Rolls back a transaction that would add runs to a lane that was retired meanwhile, or whose task
 * has another queue or time to live now. The lanes must be found again, and the transaction
 * repeated.
 */
public final class OutdatedLaneException extends RuntimeException {
  private final transient Set<Long> laneIds;

  public OutdatedLaneException(Set<Long> laneIds) {
    super("A lane was retired, or its task changed", null, false, false);
    this.laneIds = laneIds;
  }

  /** Lanes, at least one of which is outdated. */
  public Set<Long> laneIds() {
    return laneIds;
  }
}

package dev.fanfare.server.queue;

import java.util.Set;

/**
 * Rolls back a transaction that would add runs to a lane that was retired meanwhile. The lanes must
 * be found again, and the transaction repeated.
 */
public final class RetiredLaneException extends RuntimeException {
  private final transient Set<Long> laneIds;

  RetiredLaneException(Set<Long> laneIds) {
    super("A lane was retired", null, false, false);
    this.laneIds = laneIds;
  }

  /** Lanes, at least one of which is retired. */
  public Set<Long> laneIds() {
    return laneIds;
  }
}

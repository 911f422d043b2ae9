package dev.fanfare.server.lease;

import java.util.UUID;

/** Identifies one attempt under a lease, as workers report it. */
public record AttemptRef(UUID runId, int fence, int attempt) {
  /** The lease under which the attempt runs. */
  public LeaseRef lease() {
    return new LeaseRef(runId, fence);
  }
}

package dev.fanfare.server.lease;

import java.util.UUID;

/** Names one attempt under a lease, as a worker reports it. */
public record AttemptRef(UUID runId, int fence, int attempt) {
  /** The lease under which it is made. */
  public LeaseRef lease() {
    return new LeaseRef(runId, fence);
  }
}

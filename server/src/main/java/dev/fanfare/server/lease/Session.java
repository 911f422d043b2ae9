package dev.fanfare.server.lease;

import java.util.Set;
import java.util.UUID;

/**
 * A worker's registration with the server.
 *
 * @param taskIds the tasks that the worker can execute
 * @param versionId the version of the worker's code
 * @param slots how many runs the worker executes concurrently
 */
public record Session(UUID id, int environmentId, Set<Integer> taskIds, int versionId, int slots) {

  /** A worker with few slots may claim this many runs ahead, because short ones are soon over. */
  private static final int AHEAD_OF_FEW_MAX = 1_000;

  /**
   * The maximum number of runs that the worker holds: those that it executes, and those that wait
   * for a slot or for their next attempt. Those that only wait for their report do not count.
   */
  public int heldMax() {
    return slots + Math.max(slots, AHEAD_OF_FEW_MAX);
  }
}

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

  /**
   * The maximum number of runs that the worker holds: those that it executes, and as many that wait
   * for a slot, for their next attempt or for the report of their outcome.
   */
  public int heldMax() {
    return 2 * slots;
  }
}

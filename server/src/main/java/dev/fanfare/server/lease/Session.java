package dev.fanfare.server.lease;

import java.util.Set;
import java.util.UUID;

/**
 * A worker's registration with the server.
 *
 * @param taskIds the tasks that the worker can execute
 * @param versionId the version of the worker's code
 */
public record Session(UUID id, int environmentId, Set<Integer> taskIds, int versionId) {}

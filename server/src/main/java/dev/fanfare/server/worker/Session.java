package dev.fanfare.server.worker;

import java.util.Set;
import java.util.UUID;

/**
 * A worker that is in touch.
 *
 * @param taskIds the tasks it can execute
 * @param versionId the version of its code
 */
record Session(UUID id, int environmentId, Set<Integer> taskIds, int versionId) {}

package dev.fanfare.server.lease;

import java.util.Set;
import java.util.UUID;

/**
 * A worker that is in touch.
 *
 * @param taskIds the tasks it can execute
 * @param versionId the version of its code
 */
public record Session(UUID id, int environmentId, Set<Integer> taskIds, int versionId) {}

package dev.fanfare.server.worker;

import java.util.Set;
import java.util.UUID;

/**
 * A worker that is in touch.
 *
 * @param taskIds the tasks it can execute
 */
record Session(UUID id, int environmentId, Set<Integer> taskIds) {}

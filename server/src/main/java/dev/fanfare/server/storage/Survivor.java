package dev.fanfare.server.storage;

import java.util.UUID;

/**
 * A run or batch that stays when its partition is dropped.
 *
 * @param id the id of the run or of the batch
 */
record Survivor(int environmentId, UUID id) {}

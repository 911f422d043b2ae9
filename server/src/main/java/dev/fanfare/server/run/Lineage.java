package dev.fanfare.server.run;

import java.util.UUID;

/**
 * Where a run comes from that was triggered by another one.
 *
 * @param parentId the run whose handler triggered it
 * @param rootId the first one up the line of parents, itself without a parent
 * @param depth how many runs stand above it, at least 1
 */
public record Lineage(UUID parentId, UUID rootId, int depth) {}

package dev.fanfare.server.run;

import java.util.UUID;

/**
 * The parent, root and depth of a run that another run triggered.
 *
 * @param parentId the run whose handler triggered it
 * @param rootId its topmost ancestor, which has no parent
 * @param depth the number of its ancestors, at least 1
 */
public record Lineage(UUID parentId, UUID rootId, int depth) {}

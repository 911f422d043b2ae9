package dev.fanfare.server.control;

import org.jspecify.annotations.Nullable;

/**
 * What a run changes in metadata: its own, its parent's, its root's.
 *
 * @param parents absent: nothing
 * @param roots absent: nothing
 */
public record MetadataChanges(
    MetadataEdit own, @Nullable MetadataEdit parents, @Nullable MetadataEdit roots) {}

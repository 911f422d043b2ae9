package dev.fanfare.server.control;

import org.jspecify.annotations.Nullable;

/**
 * The edits of metadata that one request makes.
 *
 * @param own the edit of the run's metadata
 * @param parent the edit of its parent's metadata; absent: none
 * @param root the edit of its root's metadata; absent: none
 */
public record MetadataChanges(
    MetadataEdit own, @Nullable MetadataEdit parent, @Nullable MetadataEdit root) {}

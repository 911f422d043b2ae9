package dev.fanfare.server.run;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a run changes in metadata: its own, its parent's, its root's. Each makes the new JSON text
 * of the old one, which is absent when there is none.
 *
 * @param parents absent: nothing
 * @param roots absent: nothing
 */
public record MetadataChanges(
    UnaryOperator<@Nullable String> own,
    @Nullable UnaryOperator<@Nullable String> parents,
    @Nullable UnaryOperator<@Nullable String> roots) {}

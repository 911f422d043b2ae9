package dev.fanfare.server.run;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run with its root, parent and children. These relatives come without payload, output and error,
 * which may be long.
 *
 * @param root absent: the run has no parent
 * @param parent absent: the run has no parent
 * @param children oldest first, up to the limits of {@link ReadRuns}
 */
public record Family(Run run, @Nullable Run root, @Nullable Run parent, List<Run> children) {}

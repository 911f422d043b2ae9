package dev.fanfare.server.run;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The run that a trigger names as its parent: the one whose handler triggers.
 *
 * @param runId absent: what was named is no run's id; a run that does not exist may be named too
 * @param resumes whether the parent goes on when the child has ended
 */
public record NamedParent(@Nullable UUID runId, boolean resumes) {}

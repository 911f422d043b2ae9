package dev.fanfare.server.run;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The parent that a trigger names: the run whose handler sends the trigger.
 *
 * @param runId absent: the id is malformed; a run with this id need not exist
 * @param resumes {@code resumeParentOnCompletion}: whether the parent is to resume when the child
 *     is final
 */
public record NamedParent(@Nullable UUID runId, boolean resumes) {}

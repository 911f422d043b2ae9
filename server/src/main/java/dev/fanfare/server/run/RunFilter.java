package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The filter of a list: a run matches when it meets every condition. An empty list is no condition.
 *
 * @param statuses any of these matches
 * @param tasks any of these matches
 * @param tags any of these matches
 * @param queues any of these names matches
 * @param versions any of these matches
 * @param machines any of these matches
 * @param regions any of these matches
 * @param matchesNone whether it names an attribute that no run has, so that no run matches
 * @param batchId absent: no condition
 * @param test absent: no condition
 * @param createdFrom inclusive; absent: no condition
 * @param createdTo inclusive; absent: no condition
 */
public record RunFilter(
    List<RunStatus> statuses,
    List<String> tasks,
    List<String> tags,
    List<String> queues,
    List<String> versions,
    List<String> machines,
    List<String> regions,
    boolean matchesNone,
    @Nullable UUID batchId,
    @Nullable Boolean test,
    @Nullable Instant createdFrom,
    @Nullable Instant createdTo) {

  /** Whether a run that matched still does, as far as a run can change. */
  boolean stillMatches(Run run) {
    return (statuses.isEmpty() || statuses.contains(run.status()))
        && (versions.isEmpty() || versions.contains(run.version()))
        && (tags.isEmpty() || tags.stream().anyMatch(run.tags()::contains));
  }
}

package dev.fanfare.server.run;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run with its relatives. Those without what may be long: payload, output and error.
 *
 * @param root absent: the run has no parent
 * @param parent absent: the run has none
 * @param children those it triggered itself, the oldest first, as many as {@link ReadRuns} shows
 */
public record Family(Run run, @Nullable Run root, @Nullable Run parent, List<Run> children) {}

package dev.fanfare.sdk;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of a list of runs.
 *
 * @param runs the newest first; without payload, output and error
 * @param next what to pass to {@link Fanfare#runPage} for the page after this one; absent: this is
 *     the last
 */
public record RunPage(List<Run> runs, @Nullable String next) {}

package dev.fanfare.sdk;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list of runs. Immutable.
 *
 * @param runs newest first; without payload, output, error and relatives
 * @param next the cursor to pass to {@link Runs#page} for the next page; absent: this is the last
 *     page
 */
public record RunPage(List<Run> runs, @Nullable String next) {}

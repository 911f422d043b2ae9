/**
 * Trigger runs and execute tasks from Java.
 *
 * <p>An application that triggers opens a {@link dev.fanfare.sdk.Fanfare}; one that executes
 * defines {@link dev.fanfare.sdk.Task}s and runs them in a {@link dev.fanfare.sdk.Worker}.
 * Everything else here is what these three take and return. Types under {@code internal} may change
 * at any time.
 */
@NullMarked
package dev.fanfare.sdk;

import org.jspecify.annotations.NullMarked;

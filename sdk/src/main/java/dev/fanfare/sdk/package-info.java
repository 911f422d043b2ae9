/**
 * Triggers runs and executes tasks from Java.
 *
 * <p>An application that triggers opens a {@link dev.fanfare.sdk.Fanfare}; one that executes
 * defines {@link dev.fanfare.sdk.Task}s and runs them in a {@link dev.fanfare.sdk.Worker}. The
 * other types are parameters and results of these three. Types under {@code internal} may change at
 * any time.
 *
 * <p>Options are immutable values: start from a static factory such as {@code options()} or {@code
 * Retry.exponential()}, and chain methods that each return a changed copy. A client, a worker and a
 * task are built by a nested mutable {@code Builder}, whose last call makes the object: {@code
 * build()}, {@code start()}, and for a task {@code handler(…)}, without which there is no task.
 *
 * <p>Absence is {@code @Nullable}, never {@code Optional}; a span of time is a {@code Duration}; an
 * {@code …Id} is text such as {@code run_…}.
 */
@NullMarked
package dev.fanfare.sdk;

import org.jspecify.annotations.NullMarked;

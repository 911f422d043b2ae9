package dev.fanfare.sdk;

import org.jspecify.annotations.Nullable;

/**
 * What a task does. Called on a virtual thread of its own for every attempt, many at once, so it
 * must be safe for use by many threads.
 *
 * @param <I> the payload's type
 * @param <O> the output's type
 */
@FunctionalInterface
public interface TaskHandler<I, O> {
  /**
   * Executes one attempt of a run.
   *
   * @param payload the payload, decoded; {@code null} when the run was triggered without one
   * @param run the run and its attempt
   * @return the output, stored as JSON; {@code null} for none
   * @throws AbortRunException to fail the run without another attempt
   * @throws Exception to fail this attempt; the task's {@link Retry} decides on another one. An
   *     attempt may also end without any word, when its process dies: what it did may be done again
   */
  @Nullable O handle(I payload, RunContext run) throws Exception;
}

package dev.fanfare.sdk;

import org.jspecify.annotations.Nullable;

/**
 * The code of a task. It is called for every attempt, each on its own virtual thread and many at
 * once, so it must be safe for use by many threads.
 *
 * @param <I> the payload's type
 * @param <O> the output's type
 */
@FunctionalInterface
public interface TaskHandler<I, O> {
  /**
   * Executes one attempt of a run.
   *
   * <p>An attempt may be repeated, also after the handler returned, when its process or connection
   * dies at the wrong moment; what it does should be idempotent.
   *
   * @param payload the payload, decoded; {@code null} when the run was triggered without one
   * @param run the run and its attempt
   * @return the output, encoded as JSON; {@code null}: none
   * @throws AbortRunException to fail the run without another attempt
   * @throws Exception to fail this attempt; the task's {@link Retry} decides about the next one
   */
  @Nullable O handle(I payload, RunContext run) throws Exception;
}

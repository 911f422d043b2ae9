package dev.fanfare.sdk;

/**
 * Names a task to trigger it: its id and the type of its payload. An application that triggers
 * needs no more; one that also executes has the whole {@link Task}. Immutable.
 *
 * @param <I> the payload's type
 */
public sealed interface TaskReference<I> permits Task, TaskReference.Named {
  /** The task's id, 1 to 256 characters. */
  String id();

  /** A reference to a task that is defined elsewhere, perhaps in another language. */
  static <I> TaskReference<I> of(String id, Class<I> payloadType) {
    return new Named<>(Task.checkId(id), payloadType);
  }

  /**
   * A reference by id and type alone.
   *
   * @param id the task's id
   * @param payloadType what triggers of it take
   */
  record Named<I>(String id, Class<I> payloadType) implements TaskReference<I> {}
}

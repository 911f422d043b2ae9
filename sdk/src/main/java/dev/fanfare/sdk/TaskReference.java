package dev.fanfare.sdk;

/**
 * What a trigger needs to know of a task: its id and the type of its payload. An application that
 * also executes the task has a {@link Task}, which is such a reference. Immutable.
 *
 * @param <I> the payload's type
 */
public sealed interface TaskReference<I> permits Task, TaskReference.Named {
  /** The task's id, 1 to 256 characters. */
  String id();

  /**
   * A reference to a task that is defined elsewhere, possibly in another language.
   *
   * @throws IllegalArgumentException when the id is blank or longer than 256 characters
   */
  static <I> TaskReference<I> of(String id, Class<I> payloadType) {
    return new Named<>(Task.checkId(id), payloadType);
  }

  /**
   * A reference without the task itself.
   *
   * @param <I> the payload's type
   * @param id the task's id
   * @param payloadType the payload's type
   */
  record Named<I>(String id, Class<I> payloadType) implements TaskReference<I> {}
}

package dev.fanfare.sdk;

import org.jspecify.annotations.Nullable;

/**
 * One item of a batch of several tasks. Immutable when its payload is.
 *
 * @param taskId the task's id
 * @param payload encoded as JSON; {@code null}: the JSON value null
 * @param options the options of the run
 */
public record BatchItem(String taskId, @Nullable Object payload, TriggerOptions options) {

  /** An item without options. */
  public static <I> BatchItem of(TaskReference<I> task, I payload) {
    return new BatchItem(task.id(), payload, TriggerOptions.options());
  }

  /** An item with options. */
  public static <I> BatchItem of(TaskReference<I> task, I payload, TriggerOptions options) {
    return new BatchItem(task.id(), payload, options);
  }

  /** An item of a task known by its id alone, without options. */
  public static BatchItem of(String taskId, @Nullable Object payload) {
    return new BatchItem(taskId, payload, TriggerOptions.options());
  }

  /** An item of a task known by its id alone, with options. */
  public static BatchItem of(String taskId, @Nullable Object payload, TriggerOptions options) {
    return new BatchItem(taskId, payload, options);
  }
}

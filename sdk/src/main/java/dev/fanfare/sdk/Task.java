package dev.fanfare.sdk;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.TaskDefinition;
import java.lang.reflect.Type;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;

/**
 * A task: an id, the types of its payload and output, when to try again, and what it does.
 * Immutable, and safe for use by many threads when its handler is.
 *
 * {@snippet :
 * Task<Email, Receipt> sendEmail =
 *     Task.define("send-email", Email.class, Receipt.class)
 *         .retry(Retry.exponential().maxAttempts(3))
 *         .handler((email, run) -> mailer.send(email));
 * }
 *
 * @param <I> the payload's type, decoded from JSON; a record is a good choice
 * @param <O> the output's type, encoded as JSON
 */
public final class Task<I, O> implements TaskReference<I> {
  private final String id;
  private final Type payloadType;
  private final @Nullable Queue queue;
  private final Retry retry;
  private final @Nullable Duration maxDuration;
  private final @Nullable Duration ttl;
  private final TaskHandler<I, O> handler;

  private Task(Builder<I, O> builder, TaskHandler<I, O> handler) {
    this.id = builder.id;
    this.payloadType = builder.payloadType;
    this.queue = builder.queue;
    this.retry = builder.retry;
    this.maxDuration = builder.maxDuration;
    this.ttl = builder.ttl;
    this.handler = handler;
  }

  /**
   * Begins the definition of a task.
   *
   * @param id 1 to 256 characters; how triggers name it, so it must not change while runs wait
   * @param payloadType what the payload is decoded to; {@link RawJson} takes any JSON as it came
   * @param outputType what the handler returns
   */
  public static <I, O> Builder<I, O> define(String id, Class<I> payloadType, Class<O> outputType) {
    return new Builder<>(checkId(id), payloadType);
  }

  /** Like {@link #define(String, Class, Class)}, for types with arguments, such as lists. */
  public static <I, O> Builder<I, O> define(
      String id, TypeReference<I> payloadType, TypeReference<O> outputType) {
    return new Builder<>(checkId(id), payloadType.getType());
  }

  static String checkId(String id) {
    if (id.isBlank() || id.length() > Limits.TASK_ID_CHARS_MAX) {
      throw new IllegalArgumentException(
          "A task's id must have 1 to " + Limits.TASK_ID_CHARS_MAX + " characters, not: " + id);
    }
    return id;
  }

  @Override
  public String id() {
    return id;
  }

  /** What the payload is decoded to. */
  public Type payloadType() {
    return payloadType;
  }

  /** What an attempt does. */
  public TaskHandler<I, O> handler() {
    return handler;
  }

  /** What a worker tells the server of this task. */
  public TaskDefinition definition() {
    QueueDefinition declared =
        queue == null ? null : new QueueDefinition(queue.name(), queue.concurrencyLimit());
    return new TaskDefinition(
        id,
        declared,
        retry.policy(),
        maxDuration == null ? null : maxDuration.toMillis(),
        ttl == null ? null : ttl.toMillis());
  }

  @Override
  public String toString() {
    return "Task[" + id + "]";
  }

  /** A task being defined. Not safe for use by many threads. */
  public static final class Builder<I, O> {
    private final String id;
    private final Type payloadType;
    private @Nullable Queue queue;
    private Retry retry = Retry.exponential();
    private @Nullable Duration maxDuration;
    private @Nullable Duration ttl;

    private Builder(String id, Type payloadType) {
      this.id = id;
      this.payloadType = payloadType;
    }

    /** Where its runs wait when a trigger names no queue. Default: a queue of its own, no limit. */
    public Builder<I, O> queue(Queue queue) {
      this.queue = queue;
      return this;
    }

    /** When a failed run is attempted again. Default: {@link Retry#exponential()}. */
    public Builder<I, O> retry(Retry retry) {
      this.retry = retry;
      return this;
    }

    /**
     * The longest an attempt may run, by the clock on the wall and with all its waiting, when a
     * trigger does not say. Its thread is then interrupted and {@link RunContext#isCanceled()} is
     * true; when the handler has returned, whatever it returned, the run ends as {@code TIMED_OUT}
     * and is not tried again. Default: for ever.
     *
     * @throws IllegalArgumentException when it is shorter than 5 seconds or longer than
     *     2,147,483,647
     */
    public Builder<I, O> maxDuration(Duration duration) {
      if (duration.compareTo(Duration.ofSeconds(Limits.MAX_DURATION_SECONDS_MIN)) < 0
          || duration.compareTo(Duration.ofSeconds(Limits.MAX_DURATION_SECONDS_MAX)) > 0) {
        throw new IllegalArgumentException(
            "maxDuration must be from "
                + Limits.MAX_DURATION_SECONDS_MIN
                + " to "
                + Limits.MAX_DURATION_SECONDS_MAX
                + " seconds, not "
                + duration);
      }
      this.maxDuration = duration;
      return this;
    }

    /**
     * How long a run may be queued, when its trigger does not say, before it expires unexecuted.
     * Default: for ever.
     *
     * @throws IllegalArgumentException when it is shorter than a second or longer than 36,500 days
     */
    public Builder<I, O> ttl(Duration ttl) {
      if (ttl.toSeconds() < 1 || ttl.compareTo(Duration.ofDays(36_500)) > 0) {
        throw new IllegalArgumentException("ttl must be from 1 second to 36,500 days, not " + ttl);
      }
      this.ttl = ttl;
      return this;
    }

    /** Completes the definition with what the task does. */
    public Task<I, O> handler(TaskHandler<I, O> handler) {
      return new Task<>(this, handler);
    }
  }
}

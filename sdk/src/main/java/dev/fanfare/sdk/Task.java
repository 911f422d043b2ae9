package dev.fanfare.sdk;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.TaskDefinition;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;

/**
 * A task: an id, the types of its payload and output, a retry policy, and a handler. Immutable, and
 * safe for use by many threads when its handler is.
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
   * Starts defining a task; {@link Builder#handler} completes the definition.
   *
   * @param id 1 to 256 characters; triggers name the task by it, so it must not change while runs
   *     are waiting
   * @param payloadType what the payload is decoded to; {@link RawJson} takes any JSON unchanged
   * @param outputType what the handler returns
   * @throws IllegalArgumentException when the id is blank or longer than 256 characters
   */
  public static <I, O> Builder<I, O> define(String id, Class<I> payloadType, Class<O> outputType) {
    return new Builder<>(checkId(id), payloadType);
  }

  /** Like {@link #define(String, Class, Class)}, for types with type arguments, such as lists. */
  public static <I, O> Builder<I, O> define(
      String id, TypeReference<I> payloadType, TypeReference<O> outputType) {
    return new Builder<>(checkId(id), payloadType.getType());
  }

  static String checkId(String id) {
    if (id.isBlank() || id.length() > Limits.TASK_ID_CHARS_MAX) {
      throw new IllegalArgumentException(
          "A task id must have 1 to " + Limits.TASK_ID_CHARS_MAX + " characters, not: " + id);
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

  /** What is called for each attempt. */
  public TaskHandler<I, O> handler() {
    return handler;
  }

  /** The task as a worker declares it to the server. */
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

  /**
   * Defines a task. Not safe for use by many threads.
   *
   * @param <I> the payload's type
   * @param <O> the output's type
   */
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

    /** The queue for triggers that name none. Default: {@code task/<id>}, without a limit. */
    public Builder<I, O> queue(Queue queue) {
      this.queue = queue;
      return this;
    }

    /** When and how often a failed run is attempted again. Default {@link Retry#exponential()}. */
    public Builder<I, O> retry(Retry retry) {
      this.retry = retry;
      return this;
    }

    /**
     * How long an attempt may run, in wall-clock time including waits, when the trigger sets no max
     * duration. After that the handler's thread is interrupted and {@link RunContext#shouldStop()}
     * is true. When the handler returns, with whatever result, or after 5 more seconds, the run
     * ends as {@code TIMED_OUT} and is not retried. A handler that has not returned by then goes on
     * without a slot, and the worker logs where it is; of such handlers a worker lets as many go on
     * as it has slots. Default: no limit.
     *
     * @throws IllegalArgumentException when it is not from 5 to 2,147,483,647 seconds
     */
    public Builder<I, O> maxDuration(Duration duration) {
      Objects.requireNonNull(duration, "maxDuration must not be null");
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
     * How long a run may be queued before it expires without being executed, when the trigger sets
     * no ttl. Default: no limit.
     *
     * @throws IllegalArgumentException when it is not from 1 second to 36,500 days
     */
    public Builder<I, O> ttl(Duration ttl) {
      Objects.requireNonNull(ttl, "ttl must not be null");
      if (ttl.toSeconds() < 1 || ttl.compareTo(Duration.ofDays(36_500)) > 0) {
        throw new IllegalArgumentException("ttl must be from 1 second to 36,500 days, not " + ttl);
      }
      this.ttl = ttl;
      return this;
    }

    /** Makes the task, with the handler that executes its attempts. */
    public Task<I, O> handler(TaskHandler<I, O> handler) {
      return new Task<>(this, handler);
    }
  }
}

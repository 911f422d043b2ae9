package dev.fanfare.sdk;

import dev.fanfare.sdk.internal.Api;
import dev.fanfare.sdk.internal.Bodies;
import dev.fanfare.sdk.internal.CallFuture;
import dev.fanfare.sdk.internal.Codec;
import dev.fanfare.sdk.internal.ItemSender;
import dev.fanfare.sdk.internal.Spans;
import dev.fanfare.sdk.internal.Transport;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A client of one Fanfare environment. It triggers runs and batches; {@link #runs()} and {@link
 * #batches()} read and change them.
 *
 * {@snippet :
 * Fanfare fanfare = Fanfare.builder().url("http://127.0.0.1:3030").secretKey(key).build();
 * BatchHandle handle = fanfare.batchTrigger(sendEmail, emails);
 * Batch batch = fanfare.batches().await(handle.id(), Duration.ofMinutes(1));
 * }
 *
 * <p><b>Errors.</b> Every call blocks until the server responds; {@link #async} turns a call into a
 * future. A call that fails throws a {@link FanfareException}: an {@link ApiException} when the
 * server responded, a {@link ConnectionException} when it did not, or when the calling thread was
 * interrupted.
 *
 * <p><b>Retries.</b> Lost connections and the statuses 408, 429 and 5xx are retried, up to {@link
 * Builder#maxTries} and {@link Builder#callTimeout}. All tries of one call carry the same request
 * key, so the server triggers once, however often the call is sent. A new call has a new key: after
 * a {@link ConnectionException} or an {@link ApiException.Unavailable}, triggering again is safe
 * only with an idempotency key.
 *
 * <p>Safe for use by many threads. One client for the whole application is enough.
 */
public final class Fanfare {
  private final Api api;
  private final @Nullable String parentRunId;
  private final Runs runs;
  private final Batches batches;

  private Fanfare(Api api, @Nullable String parentRunId) {
    this.api = api;
    this.parentRunId = parentRunId;
    this.runs = new Runs(this);
    this.batches = new Batches(api);
  }

  /** Starts building a client. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A client configured by environment variables: {@code FANFARE_URL} and {@code
   * FANFARE_SECRET_KEY}, or otherwise {@code TRIGGER_API_URL} and {@code TRIGGER_SECRET_KEY}.
   * Without a URL, {@code http://127.0.0.1:3030}.
   *
   * @throws IllegalStateException when no secret key is set
   */
  public static Fanfare fromEnvironment() {
    String url = firstSet("FANFARE_URL", "TRIGGER_API_URL");
    String key = firstSet("FANFARE_SECRET_KEY", "TRIGGER_SECRET_KEY");
    if (key == null) {
      throw new IllegalStateException("Set FANFARE_SECRET_KEY to an environment's secret key");
    }
    Builder builder = builder().secretKey(key);
    return (url == null ? builder : builder.url(url)).build();
  }

  private static @Nullable String firstSet(String... names) {
    for (String name : names) {
      String value = System.getenv(name);
      if (value != null && !value.isBlank()) {
        return value;
      }
    }
    return null;
  }

  /** Triggers one run without options. One round trip. */
  public <I> RunHandle trigger(TaskReference<I> task, I payload) {
    return trigger(task.id(), payload, TriggerOptions.options());
  }

  /**
   * Triggers one run. Once this returns, the run is durable. One round trip.
   *
   * @throws ApiException.Refused when an option breaks a rule; nothing was stored
   */
  public <I> RunHandle trigger(TaskReference<I> task, I payload, TriggerOptions options) {
    return trigger(task.id(), payload, options);
  }

  /** Triggers one run of a task known by its id alone, without options. One round trip. */
  public RunHandle trigger(String taskId, @Nullable Object payload) {
    return trigger(taskId, payload, TriggerOptions.options());
  }

  /**
   * Triggers one run of a task known by its id alone. One round trip.
   *
   * @param payload encoded as JSON; {@code null}: the JSON value null
   * @throws ApiException.Refused when an option breaks a rule; nothing was stored
   */
  public RunHandle trigger(String taskId, @Nullable Object payload, TriggerOptions options) {
    return api.trigger(taskId, new Bodies.Item(null, payload, options.wire()), parentRunId);
  }

  /** Triggers a batch of one task without options. One round trip. */
  public <I> BatchHandle batchTrigger(TaskReference<I> task, List<? extends I> payloads) {
    return batchTrigger(task.id(), payloads);
  }

  /** Triggers a batch of one task, with options for each item. One round trip. */
  public <I> BatchHandle batchTrigger(
      TaskReference<I> task,
      List<? extends I> payloads,
      Function<? super I, TriggerOptions> options) {
    return batchTrigger(task, payloads, options, BatchOptions.none());
  }

  /**
   * Triggers a batch of one task: all runs or none. Once this returns, the batch is durable. One
   * round trip, however many items.
   *
   * @param payloads 1 to 1,000
   * @param options the options of an item, computed from its payload
   * @throws IllegalArgumentException when there are no payloads, or more than 1,000
   * @throws ApiException.Refused when an item breaks a rule; the message names its index, and
   *     nothing was stored
   */
  public <I> BatchHandle batchTrigger(
      TaskReference<I> task,
      List<? extends I> payloads,
      Function<? super I, TriggerOptions> options,
      BatchOptions batch) {
    return batchTrigger(task.id(), payloads, options, batch);
  }

  /** Triggers a batch of a task known by its id alone, without options. One round trip. */
  public BatchHandle batchTrigger(String taskId, List<?> payloads) {
    return batchTrigger(taskId, payloads, payload -> TriggerOptions.options(), BatchOptions.none());
  }

  /**
   * Like {@link #batchTrigger(TaskReference, List, Function, BatchOptions)}, for a task known by
   * its id alone.
   */
  public <I> BatchHandle batchTrigger(
      String taskId,
      List<? extends I> payloads,
      Function<? super I, TriggerOptions> options,
      BatchOptions batch) {
    List<Bodies.Item> items = new ArrayList<>(payloads.size());
    for (I payload : payloads) {
      items.add(new Bodies.Item(null, payload, options.apply(payload).wire()));
    }
    return api.batch(taskId, items, batch.headers(), parentRunId);
  }

  /** Triggers a batch of several tasks. One round trip. */
  public BatchHandle batchTrigger(List<BatchItem> items) {
    return batchTrigger(items, BatchOptions.none());
  }

  /**
   * Like {@link #batchTrigger(TaskReference, List, Function, BatchOptions)}, for items of several
   * tasks.
   */
  public BatchHandle batchTrigger(List<BatchItem> items, BatchOptions batch) {
    return api.batch(
        null,
        items.stream().map(item -> Bodies.Item.of(item, item.options().wire())).toList(),
        batch.headers(),
        parentRunId);
  }

  /**
   * Triggers a batch of one task, of up to a million items, without options. See {@link
   * #batchTrigger(TaskReference, Stream, Function)}.
   */
  public <I> BatchHandle batchTrigger(TaskReference<I> task, Stream<? extends I> payloads) {
    return batchTrigger(task, payloads, payload -> TriggerOptions.options());
  }

  /**
   * Triggers a batch of one task, of up to a million items: all runs or none.
   *
   * {@snippet :
   * try (Stream<Email> emails = repository.streamAll()) {
   *   BatchHandle handle = fanfare.batchTrigger(sendEmail, emails);
   * }
   * }
   *
   * <p>The stream is read once, on the calling thread, while its items are sent, about 10,000 or 4
   * MiB at a time. So memory holds no more of them, however many there are. What is lost on the way
   * is sent again, as for other calls; {@link Builder#callTimeout} limits how long each part takes.
   * No run exists before the last item has arrived, which must be within 30 minutes. Once this
   * returns, all runs exist and are durable. If it throws an exception, also one of the stream,
   * then no run was created, unless the response to the last part was lost.
   *
   * <p>Up to 1,000 items are one request, and the handle has the ids of the runs. The handle of a
   * larger batch has none: {@link Batches#retrieve} reads them.
   *
   * @param payloads at least one; the caller closes the stream
   * @param options the options of an item, computed from its payload
   * @throws IllegalArgumentException when there are no payloads
   * @throws ApiException.Refused when an item breaks a rule; the message names its index
   */
  public <I> BatchHandle batchTrigger(
      TaskReference<I> task,
      Stream<? extends I> payloads,
      Function<? super I, TriggerOptions> options) {
    Stream<Bodies.Item> items =
        payloads.map(payload -> new Bodies.Item(null, payload, options.apply(payload).wire()));
    return new ItemSender(api, task.id(), parentRunId).send(items.iterator());
  }

  /** Calls that read and change runs. */
  public Runs runs() {
    return runs;
  }

  /** Calls that read batches. */
  public Batches batches() {
    return batches;
  }

  /**
   * The same client, for what a run triggers: runs and batches that it triggers become children of
   * that run. They show it as their parent, and are canceled with it. The parent may be final. A
   * parent that this environment does not have is ignored.
   *
   * <p>A handler already has such a client: {@link RunContext#fanfare()}.
   *
   * @param runId the parent, {@code run_…}
   */
  public Fanfare within(String runId) {
    return new Fanfare(api, runId);
  }

  /**
   * Makes any call in the background, on a virtual thread, and returns its future:
   *
   * {@snippet :
   * CompletableFuture<BatchHandle> batch = fanfare.async(f -> f.batchTrigger(sendEmail, emails));
   * CompletableFuture<Run> run = fanfare.async(f -> f.runs().retrieve(runId));
   * }
   *
   * <p>An exception of the call completes the future exceptionally. Canceling the future interrupts
   * the call; whether the server has acted by then is unknown.
   */
  public <T extends @Nullable Object> CompletableFuture<T> async(
      Function<? super Fanfare, T> call) {
    return new CallFuture<>(() -> call.apply(this));
  }

  /**
   * Decodes JSON that was read, such as {@link Run#metadata()} or {@link RunResult#output()}; the
   * JSON value null becomes {@code null}. No round trip.
   *
   * @throws IllegalArgumentException when the JSON does not fit {@code type}
   */
  public <T> @Nullable T decode(RawJson json, Class<T> type) {
    try {
      return api.codec().read(json.text(), api.codec().<T>target(type));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "The JSON does not fit " + type.getName() + ": " + e.getOriginalMessage(), e);
    }
  }

  Api api() {
    return api;
  }

  /** Builds a client. Not safe for use by many threads. */
  public static final class Builder {
    private URI url = URI.create("http://127.0.0.1:3030");
    private String secretKey = "";
    private JsonMapper mapper = JsonMapper.shared();
    private Duration connectTimeout = Duration.ofSeconds(5);
    private int triesMax = 6;
    private Duration callTimeout = Duration.ofSeconds(30);

    private Builder() {}

    /**
     * The server's URL. Default {@code http://127.0.0.1:3030}.
     *
     * @throws IllegalArgumentException when it is not an http or https URL
     */
    public Builder url(String url) {
      Objects.requireNonNull(url, "url must not be null");
      URI uri = URI.create(url.strip().replaceAll("/+$", ""));
      if (uri.getHost() == null || !String.valueOf(uri.getScheme()).matches("(?i)https?")) {
        throw new IllegalArgumentException("The url must begin with http:// or https://: " + url);
      }
      this.url = uri;
      return this;
    }

    /**
     * The environment's secret key, {@code tr_dev_…}. Required.
     *
     * @throws IllegalArgumentException when it has blanks, line breaks or non-ASCII characters
     */
    public Builder secretKey(String key) {
      Objects.requireNonNull(key, "secretKey must not be null");
      // The JDK would reject such a header too, but with the key in its message.
      if (!key.strip().matches("[!-~]*")) {
        throw new IllegalArgumentException(
            "The secret key must consist of visible ASCII characters; this one has others, such as"
                + " a line break");
      }
      this.secretKey = key.strip();
      return this;
    }

    /** Encodes and decodes payloads and outputs. Default: {@link JsonMapper#shared()}. */
    public Builder jsonMapper(JsonMapper mapper) {
      this.mapper = Objects.requireNonNull(mapper, "jsonMapper must not be null");
      return this;
    }

    /**
     * How long connecting to the server may take. Default 5 s.
     *
     * @throws IllegalArgumentException when it is not from 1 ms to 36,500 days
     */
    public Builder connectTimeout(Duration timeout) {
      this.connectTimeout = positive("connectTimeout", timeout);
      return this;
    }

    /**
     * How long a call may take in all, with its retries and the waits in between. Then it throws a
     * {@link ConnectionException}, or what the server answered last. A try has half of the time
     * that is left, so that another one can follow when a connection is dead; the last one, and one
     * that sends more than 1 MiB or reads a packet, has all of it. Workers are not affected.
     * Default 30 s.
     *
     * @throws IllegalArgumentException when it is not from 1 ms to 36,500 days
     */
    public Builder callTimeout(Duration timeout) {
      this.callTimeout = positive("callTimeout", timeout);
      return this;
    }

    private static Duration positive(String name, Duration timeout) {
      Spans.between(name, Duration.ZERO, timeout);
      if (timeout.toMillis() < 1) {
        throw new IllegalArgumentException(name + " must be at least 1 ms, not " + timeout);
      }
      return timeout;
    }

    /**
     * How often a call is sent in all, from 1, within {@link #callTimeout}. Default 6, which
     * retries for about 8 seconds.
     *
     * @throws IllegalArgumentException when it is less than 1
     */
    public Builder maxTries(int tries) {
      if (tries < 1) {
        throw new IllegalArgumentException("maxTries must be at least 1, not " + tries);
      }
      this.triesMax = tries;
      return this;
    }

    /**
     * Builds the client. Makes no connection yet.
     *
     * @throws IllegalStateException when no secret key was set
     */
    public Fanfare build() {
      if (secretKey.isBlank()) {
        throw new IllegalStateException("A secret key is required: an environment's tr_… key");
      }
      Transport transport = new Transport(url, secretKey, connectTimeout, triesMax, callTimeout);
      return new Fanfare(new Api(transport, new Codec(mapper)), null);
    }
  }
}

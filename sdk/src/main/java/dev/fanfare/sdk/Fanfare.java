package dev.fanfare.sdk;

import dev.fanfare.sdk.internal.Api;
import dev.fanfare.sdk.internal.Bodies;
import dev.fanfare.sdk.internal.CallFuture;
import dev.fanfare.sdk.internal.Codec;
import dev.fanfare.sdk.internal.Polling;
import dev.fanfare.sdk.internal.Transport;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A client of one environment: triggers runs and batches, reads them, waits for them.
 *
 * {@snippet :
 * Fanfare fanfare = Fanfare.builder().url("http://127.0.0.1:3030").secretKey(key).build();
 * BatchHandle batch = fanfare.batchTrigger(sendEmail, emails);
 * }
 *
 * <p>Every method blocks until the server answered; {@link #async} makes a future of any of them.
 * Lost connections, 429 and 5xx are tried again, and a call that is tried again never triggers
 * twice: all tries carry the same mark, by which the server knows them. What does not succeed ends
 * in a {@link FanfareException}. Safe for use by many threads; one for the whole application is
 * enough.
 */
public final class Fanfare {
  private final Api api;
  private final @Nullable String parentRunId;

  private Fanfare(Api api, @Nullable String parentRunId) {
    this.api = api;
    this.parentRunId = parentRunId;
  }

  /** Begins a client. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A client configured by the environment: {@code FANFARE_URL} and {@code FANFARE_SECRET_KEY}, or
   * else {@code TRIGGER_API_URL} and {@code TRIGGER_SECRET_KEY}.
   *
   * @throws IllegalStateException when no key is set
   */
  public static Fanfare fromEnvironment() {
    String url = firstSet("FANFARE_URL", "TRIGGER_API_URL");
    String key = firstSet("FANFARE_SECRET_KEY", "TRIGGER_SECRET_KEY");
    if (key == null) {
      throw new IllegalStateException("Set FANFARE_SECRET_KEY to an environment's secret key");
    }
    Builder builder = builder().secretKey(key);
    return url == null ? builder.build() : builder.url(url).build();
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

  /**
   * Any of the calls below as a future, on a virtual thread of its own:
   *
   * {@snippet :
   * CompletableFuture<BatchHandle> batch = fanfare.async(f -> f.batchTrigger(sendEmail, emails));
   * }
   *
   * <p>What the call throws completes the future. Canceling the future interrupts the call; whether
   * the server has acted by then is unknown.
   */
  public <T extends @Nullable Object> CompletableFuture<T> async(
      Function<? super Fanfare, T> call) {
    return new CallFuture<>(() -> call.apply(this));
  }

  /**
   * The same client for what a run triggers: the runs and batches that it triggers are children of
   * that run. They show it as their parent, and are canceled when it is canceled. A run that is
   * final may have children, too; one that this environment does not have is ignored.
   *
   * <p>A handler has this client already: {@link RunContext#fanfare()}.
   *
   * @param runId the parent, {@code run_…}
   */
  public Fanfare within(String runId) {
    return new Fanfare(api, runId);
  }

  /** Triggers one run, in one round trip. */
  public <I> RunHandle trigger(TaskReference<I> task, I payload) {
    return trigger(task.id(), payload, TriggerOptions.options());
  }

  /** Triggers one run with options. */
  public <I> RunHandle trigger(TaskReference<I> task, I payload, TriggerOptions options) {
    return trigger(task.id(), payload, options);
  }

  /** Triggers one run of a task known by its id alone. */
  public RunHandle trigger(String taskId, @Nullable Object payload) {
    return trigger(taskId, payload, TriggerOptions.options());
  }

  /** Triggers one run of a task known by its id alone, with options. */
  public RunHandle trigger(String taskId, @Nullable Object payload, TriggerOptions options) {
    return api.trigger(taskId, new Bodies.Item(null, payload, options.wire()), parentRunId);
  }

  /** Triggers a batch of one task: 1 to 1,000 runs, all or none, in one round trip. */
  public <I> BatchHandle batchTrigger(TaskReference<I> task, List<? extends I> payloads) {
    return batchTrigger(task.id(), payloads);
  }

  /** Triggers a batch of one task, each item with its own options, in one round trip. */
  public <I> BatchHandle batchTrigger(
      TaskReference<I> task,
      List<? extends I> payloads,
      Function<? super I, TriggerOptions> options) {
    return batchTrigger(task, payloads, options, BatchOptions.none());
  }

  /** Triggers a batch of one task with options of items and batch, in one round trip. */
  public <I> BatchHandle batchTrigger(
      TaskReference<I> task,
      List<? extends I> payloads,
      Function<? super I, TriggerOptions> options,
      BatchOptions batch) {
    return batchTrigger(task.id(), payloads, options, batch);
  }

  /** Triggers a batch of a task known by its id alone. */
  public BatchHandle batchTrigger(String taskId, List<?> payloads) {
    return batchTrigger(taskId, payloads, payload -> TriggerOptions.options(), BatchOptions.none());
  }

  /** Triggers a batch of a task known by its id alone, with options of items and batch. */
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

  /** Triggers a batch of several tasks: 1 to 1,000 runs, all or none, in one round trip. */
  public BatchHandle batchTrigger(List<BatchItem> items) {
    return batchTrigger(items, BatchOptions.none());
  }

  /** Triggers a batch of several tasks with options of the batch, in one round trip. */
  public BatchHandle batchTrigger(List<BatchItem> items, BatchOptions batch) {
    return api.batch(
        null,
        items.stream().map(item -> Bodies.Item.of(item, item.options().wire())).toList(),
        batch.headers(),
        parentRunId);
  }

  /**
   * Reads a run.
   *
   * @throws ApiException.NotFound when this environment has no such run
   */
  public Run retrieveRun(String runId) {
    return api.run(runId);
  }

  /**
   * Waits until a run is final, asking again and again: at first every few milliseconds, later once
   * a second.
   *
   * @return the run; not final when {@code timeout} was over first
   */
  public Run awaitRun(String runId, Duration timeout) {
    return Polling.until(() -> retrieveRun(runId), Run::isCompleted, timeout);
  }

  /**
   * The payload of a run, decoded; {@code null} when it has none. One round trip when it is kept as
   * a packet, else none.
   *
   * @throws ApiException.Unauthorized when the run was read too long ago to fetch its packet
   * @throws ApiException.NotFound when there is no such packet
   */
  public <I> @Nullable I payload(Run run, Class<I> type) {
    return decode(run.payload(), run.payloadPresignedUrl(), type);
  }

  /**
   * The output of a run, decoded; {@code null} when it has none. One round trip when it is kept as
   * a packet, else none.
   *
   * @throws ApiException.Unauthorized when the run was read too long ago to fetch its packet
   * @throws ApiException.NotFound when there is no such packet
   */
  public <O> @Nullable O output(Run run, Class<O> type) {
    return decode(run.output(), run.outputPresignedUrl(), type);
  }

  private <T> @Nullable T decode(
      @Nullable RawJson here, @Nullable String presignedUrl, Class<T> type) {
    RawJson json = here == null && presignedUrl != null ? api.packetAt(presignedUrl) : here;
    return json == null ? null : decode(json, type);
  }

  /**
   * Decodes JSON that was read, such as {@link Run#payload()}; {@code null} for the JSON null.
   *
   * @throws IllegalArgumentException when it does not fit {@code type}
   */
  public <T> @Nullable T decode(RawJson json, Class<T> type) {
    try {
      return api.codec().read(json.text(), api.codec().<T>target(type));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "The JSON does not fit " + type.getName() + ": " + e.getOriginalMessage(), e);
    }
  }

  /**
   * The runs that pass a filter, the newest first. Pages are fetched as the stream is read, one
   * round trip each.
   */
  public Stream<Run> listRuns(RunFilter filter) {
    return Stream.iterate(
            Optional.of(runPage(filter, null)),
            Optional::isPresent,
            page -> page.map(RunPage::next).map(next -> runPage(filter, next)))
        .flatMap(page -> page.orElseThrow().runs().stream());
  }

  /**
   * One page of the runs that pass a filter, the newest first.
   *
   * @param after {@link RunPage#next()} of the page before; {@code null}: the first page
   */
  public RunPage runPage(RunFilter filter, @Nullable String after) {
    return api.runs(filter.parameters(after));
  }

  /**
   * Reads a batch.
   *
   * @throws ApiException.NotFound when this environment has no such batch
   */
  public Batch retrieveBatch(String batchId) {
    return api.batch(batchId);
  }

  /**
   * Waits until every run of a batch is final, asking again and again: at first every few
   * milliseconds, later once a second.
   *
   * @return the batch; not completed when {@code timeout} was over first
   */
  public Batch awaitBatch(String batchId, Duration timeout) {
    return Polling.until(() -> retrieveBatch(batchId), Batch::isCompleted, timeout);
  }

  /**
   * How the runs of a batch ended, in item order, in one round trip, and two more for each output
   * that is kept as a packet. Runs that are not final yet are left out.
   *
   * @throws ApiException.NotFound when this environment has no such batch
   */
  public List<RunResult> batchResults(String batchId) {
    return api.results(batchId);
  }

  Api api() {
    return api;
  }

  /** A client being configured. Not safe for use by many threads. */
  public static final class Builder {
    private URI url = URI.create("http://127.0.0.1:3030");
    private String secretKey = "";
    private JsonMapper mapper = JsonMapper.shared();
    private Duration connectTimeout = Duration.ofSeconds(5);
    private int triesMax = 6;

    private Builder() {}

    /**
     * The server's address. Default {@code http://127.0.0.1:3030}.
     *
     * @throws IllegalArgumentException when it is no http or https address
     */
    public Builder url(String url) {
      URI uri = URI.create(url.strip().replaceAll("/+$", ""));
      if (uri.getHost() == null || !String.valueOf(uri.getScheme()).matches("(?i)https?")) {
        throw new IllegalArgumentException("The url must begin with http:// or https://: " + url);
      }
      this.url = uri;
      return this;
    }

    /** The environment's secret key, {@code tr_dev_…}. Required. */
    public Builder secretKey(String key) {
      // Checked here, without showing it: HTTP's own check would put the key into its message.
      if (!key.strip().matches("[!-~]*")) {
        throw new IllegalArgumentException(
            "The secret key has characters that no key has, such as a line break");
      }
      this.secretKey = key.strip();
      return this;
    }

    /** What payloads and outputs are encoded with. Default: records, java.time, nothing else. */
    public Builder jsonMapper(JsonMapper mapper) {
      this.mapper = mapper;
      return this;
    }

    /** How long a connection may take. Default 5 s. */
    public Builder connectTimeout(Duration timeout) {
      this.connectTimeout = timeout;
      return this;
    }

    /** How often a call is tried in all, from 1. Default 6, over about 8 seconds. */
    public Builder maxTries(int tries) {
      if (tries < 1) {
        throw new IllegalArgumentException("maxTries must be at least 1, not " + tries);
      }
      this.triesMax = tries;
      return this;
    }

    /**
     * The client.
     *
     * @throws IllegalStateException when there is no key
     */
    public Fanfare build() {
      if (secretKey.isBlank()) {
        throw new IllegalStateException("A secret key is needed: an environment's tr_… key");
      }
      Transport transport = new Transport(url, secretKey, connectTimeout, triesMax);
      return new Fanfare(new Api(transport, new Codec(mapper)), null);
    }
  }
}

package dev.fanfare.sdk;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.internal.Bodies;
import dev.fanfare.sdk.internal.Codec;
import dev.fanfare.sdk.internal.Polling;
import dev.fanfare.sdk.internal.RunPages;
import dev.fanfare.sdk.internal.RunParser;
import dev.fanfare.sdk.internal.Transport;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A client of one environment: triggers runs and batches, reads them, waits for them.
 *
 * {@snippet :
 * Fanfare fanfare = Fanfare.builder().url("http://127.0.0.1:3030").secretKey(key).build();
 * BatchHandle batch = fanfare.batchTrigger(sendEmail, emails);
 * }
 *
 * <p>Every method blocks until the server answered; {@link #async()} has the same as futures. Lost
 * connections, 429 and 5xx are tried again, and a call that is tried again never triggers twice:
 * all tries carry the same mark, by which the server knows them. What does not succeed ends in a
 * {@link FanfareException}. Safe for use by many threads; one for the whole application is enough.
 */
public final class Fanfare {
  private static final Duration TRY_TIMEOUT = Duration.ofSeconds(60);
  private static final int ITEMS_MAX = 1_000;

  private final Transport transport;
  private final Codec codec;
  private final Bodies bodies;

  private Fanfare(Builder builder) {
    this.transport =
        new Transport(builder.url, builder.secretKey, builder.connectTimeout, builder.triesMax);
    this.codec = new Codec(builder.mapper);
    this.bodies = new Bodies(codec);
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

  /** The same operations, each as a future; what fails completes it with the same exceptions. */
  public AsyncFanfare async() {
    return new AsyncFanfare(this);
  }

  /** Triggers one run. */
  public <I> RunHandle trigger(TaskReference<I> task, I payload) {
    return trigger(task.id(), payload, TriggerOptions.options());
  }

  /** Triggers one run with options. */
  public <I> RunHandle trigger(TaskReference<I> task, I payload, TriggerOptions options) {
    return trigger(task.id(), payload, options);
  }

  /** Triggers one run of a task known by its id alone. */
  public RunHandle trigger(String taskId, @Nullable Object payload, TriggerOptions options) {
    byte[] body = bodies.single(new Bodies.Item(null, payload, options.wire()));
    return read(
        transport.send(post("/api/v1/tasks/" + encode(taskId) + "/trigger", body, Map.of())),
        RunHandle.class);
  }

  /** Triggers a batch of one task: 1 to 1,000 runs, all or none, in one round trip. */
  public <I> BatchHandle batchTrigger(TaskReference<I> task, List<? extends I> payloads) {
    return batchTrigger(task, payloads, payload -> TriggerOptions.options());
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
    List<Bodies.Item> items = new ArrayList<>(payloads.size());
    for (I payload : payloads) {
      items.add(new Bodies.Item(null, payload, options.apply(payload).wire()));
    }
    return batch("/api/v1/tasks/" + encode(task.id()) + "/batch", items, batch);
  }

  /** Triggers a batch of several tasks: 1 to 1,000 runs, all or none, in one round trip. */
  public BatchHandle batchTrigger(List<BatchItem> items) {
    return batchTrigger(items, BatchOptions.none());
  }

  /** Triggers a batch of several tasks with options of the batch, in one round trip. */
  public BatchHandle batchTrigger(List<BatchItem> items, BatchOptions batch) {
    return batch(
        "/api/v1/tasks/batch",
        items.stream().map(item -> Bodies.Item.of(item, item.options().wire())).toList(),
        batch);
  }

  private BatchHandle batch(String path, List<Bodies.Item> items, BatchOptions options) {
    if (items.isEmpty() || items.size() > ITEMS_MAX) {
      throw new IllegalArgumentException(
          "A batch must have 1 to " + ITEMS_MAX + " items, not " + items.size());
    }
    return read(
        transport.send(post(path, bodies.batch(items), options.headers())), BatchHandle.class);
  }

  /**
   * Reads a run.
   *
   * @throws ApiException.NotFound when this environment has no such run
   */
  public Run retrieveRun(String runId) {
    return RunParser.run(transport.send(get("/api/v3/runs/" + encode(runId))));
  }

  /**
   * Waits until a run is final, asking again and again.
   *
   * @return the run; not final when {@code timeout} was over first
   */
  public Run awaitRun(String runId, Duration timeout) {
    return Polling.until(() -> retrieveRun(runId), Run::isCompleted, timeout);
  }

  /** The output of a run, decoded; {@code null} when it has none. */
  public <O> @Nullable O output(Run run, Class<O> type) {
    return run.output() == null ? null : codec.decode(run.output().text(), null, type);
  }

  /** The runs that pass a filter, the newest first; pages are fetched as the stream is read. */
  public Stream<Run> listRuns(RunFilter filter) {
    return RunPages.stream(paging -> transport.send(get("/api/v1/runs?" + filter.query(paging))));
  }

  /**
   * Reads a batch.
   *
   * @throws ApiException.NotFound when this environment has no such batch
   */
  public Batch retrieveBatch(String batchId) {
    return read(transport.send(get("/api/v2/batches/" + encode(batchId))), Batch.class);
  }

  /**
   * Waits until every run of a batch is final, asking again and again.
   *
   * @return the batch; not completed when {@code timeout} was over first
   */
  public Batch awaitBatch(String batchId, Duration timeout) {
    return Polling.until(() -> retrieveBatch(batchId), Batch::isCompleted, timeout);
  }

  private static Transport.Call get(String path) {
    // The current vocabulary of states; without it the server speaks the one of old clients.
    return new Transport.Call(
        "GET", path, null, Map.of("x-trigger-api-version", "2025-07-16"), TRY_TIMEOUT);
  }

  private static Transport.Call post(String path, byte[] body, Map<String, String> headers) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("x-trigger-request-idempotency-key", UUID.randomUUID().toString());
    all.put("x-trigger-source", "sdk");
    return new Transport.Call("POST", path, body, all, TRY_TIMEOUT);
  }

  private static <T> T read(byte[] body, Class<T> type) {
    return WireJson.mapper().readValue(body, type);
  }

  private static String encode(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  Transport transport() {
    return transport;
  }

  Codec codec() {
    return codec;
  }

  /** A client being configured. Not safe for use by many threads. */
  public static final class Builder {
    private URI url = URI.create("http://127.0.0.1:3030");
    private String secretKey = "";
    private JsonMapper mapper = Codec.defaultMapper();
    private Duration connectTimeout = Duration.ofSeconds(5);
    private int triesMax = 6;

    private Builder() {}

    /** The server's address. Default {@code http://127.0.0.1:3030}. */
    public Builder url(String url) {
      this.url = URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
      return this;
    }

    /** The environment's secret key, {@code tr_dev_…}. Required. */
    public Builder secretKey(String key) {
      this.secretKey = key;
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
      return new Fanfare(this);
    }
  }
}

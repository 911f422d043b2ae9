package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.Batch;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.ConnectionException;
import dev.fanfare.sdk.RawJson;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.RunHandle;
import dev.fanfare.sdk.RunPage;
import dev.fanfare.sdk.RunResult;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JavaType;

/** The calls of the public API, one round trip each. Safe for use by many threads. */
public final class Api {
  /** The most items of a batch that is one request. */
  static final int ITEMS_MAX = 1_000;

  /** Storing a part of a large batch is quick, but creating a million runs takes a while. */
  private static final Duration ITEMS_TIMEOUT = Duration.ofMinutes(2);

  /** The media type of a payload or output that is the path of a packet. */
  public static final String STORE = "application/store";

  /** Selects the current names of run states; without it the server sends those for old clients. */
  private static final String VERSION_HEADER = "x-trigger-api-version";

  private static final String VERSION = "2025-07-16";

  private final Transport transport;
  private final Codec codec;
  private final Bodies bodies;

  /** Sends calls through {@code transport}; payloads and outputs go through {@code codec}. */
  public Api(Transport transport, Codec codec) {
    this.transport = transport;
    this.codec = codec;
    this.bodies = new Bodies(codec);
  }

  /** What sends the calls. */
  public Transport transport() {
    return transport;
  }

  /** What encodes and decodes payloads and outputs. */
  public Codec codec() {
    return codec;
  }

  /**
   * Triggers one run.
   *
   * @param parentRunId the run that triggers the new one; absent: none does
   */
  public RunHandle trigger(String taskId, Bodies.Item item, @Nullable String parentRunId) {
    String path = "/api/v1/tasks/" + encode(taskId) + "/trigger";
    return read(post(path, bodies.single(item, parentRunId), Map.of()), RunHandle.class);
  }

  /**
   * Triggers a batch.
   *
   * @param taskId the task of all items; absent: each item names its own
   * @param parentRunId the run that triggers the batch; absent: none does
   */
  public BatchHandle batch(
      @Nullable String taskId,
      List<Bodies.Item> items,
      Map<String, String> headers,
      @Nullable String parentRunId) {
    if (items.isEmpty() || items.size() > ITEMS_MAX) {
      throw new IllegalArgumentException(
          "A batch must have 1 to " + ITEMS_MAX + " items, not " + items.size());
    }
    String path = "/api/v1/tasks/" + (taskId == null ? "batch" : encode(taskId) + "/batch");
    byte[] body = bodies.batch(items, taskId != null, parentRunId);
    return read(post(path, body, headers), BatchHandle.class);
  }

  private record Announced(String id) {}

  /**
   * Announces a batch whose items follow, and returns its id.
   *
   * @param parentRunId the run that triggers the batch; absent: none does
   */
  String announce(@Nullable String parentRunId) {
    Map<String, Object> announcement = new LinkedHashMap<>();
    announcement.put("openEnded", true);
    if (parentRunId != null) {
      announcement.put("parentRunId", parentRunId);
    }
    return read(post("/api/v3/batches", json(announcement), Map.of()), Announced.class).id;
  }

  private record Added(boolean sealed) {}

  /**
   * Sends items of an announced batch; those that the server has are ignored.
   *
   * @param lines one item on each
   * @param count the number of all items, if these are the last ones; absent: more follow
   * @return whether the batch has all its items, so that its runs exist
   */
  boolean addItems(String batchId, byte[] lines, @Nullable Integer count) {
    String path = "/api/v3/batches/" + encode(batchId) + "/items";
    Transport.Call call =
        new Transport.Call(
            "POST",
            count == null ? path : path + "?runCount=" + count,
            lines,
            Map.of("Content-Type", "application/x-ndjson", "x-trigger-source", "sdk"));
    byte[] response = transport.send(call, ITEMS_TIMEOUT);
    return read(new String(response, StandardCharsets.UTF_8), Added.class).sealed;
  }

  /** Writes the bodies of triggers. */
  Bodies bodies() {
    return bodies;
  }

  /** Reads a run. */
  public Run run(String runId) {
    return read(get("/api/v3/runs/" + encode(runId)), Run.class);
  }

  private record Page(List<Run> data, @Nullable Pagination pagination) {}

  private record Pagination(@Nullable String next) {}

  /** Reads a page of runs. */
  public RunPage runs(Map<String, String> parameters) {
    StringBuilder path = new StringBuilder("/api/v1/runs");
    parameters.forEach((name, value) ->
        path.append(path.indexOf("?") < 0 ? '?' : '&')
            .append(encode(name))
            .append('=')
            .append(encode(value)));
    Page page = read(get(path.toString()), Page.class);
    return new RunPage(page.data, page.pagination == null ? null : page.pagination.next);
  }

  /** Reads a batch. */
  public Batch batch(String batchId) {
    return read(get("/api/v2/batches/" + encode(batchId)), Batch.class);
  }

  /** Reads a batch; without run ids if it has more than a batch of one request may have. */
  public Batch briefBatch(String batchId) {
    String path = "/api/v2/batches/" + encode(batchId) + "?maxRuns=" + ITEMS_MAX;
    return read(get(path), Batch.class);
  }

  private record Results(List<Result> items) {}

  private record Result(
      String id,
      boolean ok,
      @Nullable String output,
      @Nullable String outputType,
      @Nullable RunError error,
      @Nullable String taskIdentifier) {}

  /** Reads the outcomes of the final runs of a batch. */
  public List<RunResult> results(String batchId) {
    String path = "/api/v1/batches/" + encode(batchId) + "/results";
    return read(get(path), Results.class).items.stream()
        .map(r ->
            new RunResult(r.id, r.ok, output(r.output, r.outputType), r.error, r.taskIdentifier))
        .toList();
  }

  private @Nullable RawJson output(@Nullable String text, @Nullable String mediaType) {
    return text != null && STORE.equals(mediaType) ? packet(text) : codec.output(text, mediaType);
  }

  private record PacketUrl(String presignedUrl) {}

  /** Reads a payload or output that is stored as a packet, by its path. Two round trips. */
  public RawJson packet(String path) {
    String response = get("/api/v1/packets/" + encode(path));
    return packetAt(read(response, PacketUrl.class).presignedUrl);
  }

  /** Reads a payload or output that is stored as a packet, from its presigned URL. */
  public RawJson packetAt(String presignedUrl) {
    Response packet = transport.fetch(presignedUrl);
    String text = new String(packet.body(), StandardCharsets.UTF_8);
    String type = packet.headers().firstValue("Content-Type").orElse("application/json");
    return Objects.requireNonNull(codec.output(text, type.split(";", 2)[0].strip()));
  }

  /** Cancels a run. */
  public void cancel(String runId) {
    post("/api/v2/runs/" + encode(runId) + "/cancel", json(Map.of()), Map.of());
  }

  private record Id(String id) {}

  /**
   * Triggers a new run like an old one, with changes.
   *
   * @return the id of the new run
   */
  public String replay(String runId, Map<String, ?> changes) {
    String path = "/api/v1/runs/" + encode(runId) + "/replay";
    return read(post(path, json(changes), Map.of()), Id.class).id;
  }

  /**
   * Changes when a delayed run is due.
   *
   * @param delay a duration such as {@code 60s}, or an ISO-8601 time
   */
  public Run reschedule(String runId, String delay) {
    String path = "/api/v1/runs/" + encode(runId) + "/reschedule";
    return read(post(path, json(Map.of("delay", delay)), Map.of()), Run.class);
  }

  /** Adds tags to a run. */
  public void addTags(String runId, List<String> tags) {
    post("/api/v1/runs/" + encode(runId) + "/tags", json(Map.of("tags", tags)), Map.of());
  }

  private record Metadata(RawJson metadata) {}

  /** Reads the metadata of a run. */
  public RawJson metadata(String runId) {
    return read(get(metadataPath(runId)), Metadata.class).metadata;
  }

  /**
   * Changes the metadata of a run and returns the new metadata.
   *
   * @param repeatable whether to retry the call
   */
  public RawJson changeMetadata(String runId, Map<String, ?> change, boolean repeatable) {
    Transport.Call call = new Transport.Call("PUT", metadataPath(runId), json(change), Map.of());
    byte[] response = repeatable ? transport.send(call) : transport.sendOnce(call);
    return read(new String(response, StandardCharsets.UTF_8), Metadata.class).metadata;
  }

  private static String metadataPath(String runId) {
    return "/api/v1/runs/" + encode(runId) + "/metadata";
  }

  /** Releases an idempotency key. */
  public void resetKey(String taskId, String key) {
    post(
        "/api/v1/idempotencyKeys/" + encode(key) + "/reset",
        json(Map.of("taskIdentifier", taskId)),
        Map.of());
  }

  private byte[] json(Map<String, ?> body) {
    return codec.encode(body).getBytes(StandardCharsets.UTF_8);
  }

  private String get(String path) {
    return send("GET", path, null, Map.of(VERSION_HEADER, VERSION));
  }

  private String post(String path, byte[] body, Map<String, String> headers) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put(VERSION_HEADER, VERSION);
    // One request key for all tries of this call: the server triggers once for it.
    all.put("x-trigger-request-idempotency-key", UUID.randomUUID().toString());
    all.put("x-trigger-source", "sdk");
    return send("POST", path, body, all);
  }

  private String send(
      String method, String path, byte @Nullable [] body, Map<String, String> headers) {
    byte[] response = transport.send(new Transport.Call(method, path, body, headers));
    return new String(response, StandardCharsets.UTF_8);
  }

  private static <T> T read(String body, Class<T> type) {
    T value;
    try {
      JavaType javaType = WireJson.mapper().constructType(type);
      value = RawJsonReader.of(WireJson.mapper(), javaType, body).readValue(body);
    } catch (JacksonException e) {
      throw new ConnectionException(
          "The response is not a valid " + type.getSimpleName() + ": " + e.getOriginalMessage(), e);
    }
    if (value == null) {
      throw new ConnectionException("The response is not a valid " + type.getSimpleName(), null);
    }
    return value;
  }

  private static String encode(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }
}

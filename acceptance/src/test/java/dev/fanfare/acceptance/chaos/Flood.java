package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.chaos.Processes.Serving;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Sends many and large requests to a server, and checks each answer. */
final class Flood {
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final int OUTPUT_CHARS = 9_900_000;

  /** The answer of a server that hangs up while a body is still on its way. */
  private static final int HUNG_UP = 0;

  private final Serving serving;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Map<String, Map<Integer, Integer>> answers = new ConcurrentSkipListMap<>();
  private @Nullable LongBody outputs;

  Flood(Serving serving) {
    this.serving = serving;
  }

  URI url() {
    return serving.url();
  }

  /** How many requests of each kind got each status; 0: the server hung up. */
  Map<String, Map<Integer, Integer>> answers() {
    return answers;
  }

  /**
   * A request.
   *
   * @param credential empty for none
   * @param headers names and values of more headers, in turn
   */
  record Request(
      String method,
      String path,
      @Nullable LongBody body,
      String credential,
      List<String> headers) {
    Request(String method, String path, @Nullable LongBody body, String credential) {
      this(method, path, body, credential, List.of());
    }

    static Request post(String path, LongBody body) {
      return new Request("POST", path, body, Processes.KEY);
    }

    static Request get(String path) {
      return new Request("GET", path, null, Processes.KEY);
    }

    Request by(String other) {
      return new Request(method, path, body, other, headers);
    }

    Request with(List<String> more) {
      return new Request(method, path, body, credential, more);
    }

    /** The method and the path without the parts that differ from request to request. */
    String kind() {
      return method
          + " "
          + path.replaceFirst("\\?.*", "")
              .replaceAll("/tasks/(?!batch)[^/]+", "/tasks/{task}")
              .replaceAll("(run|batch|session)_[0-9a-z]{25}", "{id}")
              .replaceAll("/packets/(?!payload|output).*", "/packets/{path}")
              .replaceAll("[^/]{60,}", "{long}");
    }

    @Override
    public String toString() {
      String shown = path.length() < 200 ? path : path.substring(0, 200) + "…";
      return "%s %s %s".formatted(method, shown, body);
    }
  }

  /** Whether the process of the server is alive. */
  boolean isServed() {
    return serving.jvm().isAlive();
  }

  /** One of each kind of caller. */
  List<String> credentials() {
    return List.of(
        Processes.KEY,
        token("{\"scopes\":[\"write:tasks\"]}"),
        token("{\"scopes\":[\"read:runs\"]}"),
        token("{\"scopes\":[\"trigger:tasks:t\"],\"oneTimeUse\":true}"),
        "tr_dev_" + "x".repeat(24),
        "");
  }

  private String token(String claims) {
    return json(Request.post("/api/v1/auth/public-tokens", LongBody.of(claims)))
        .path("token")
        .asString();
  }

  private HttpRequest http(Request request) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(serving.url() + request.path()))
            .timeout(PATIENCE)
            .header(
                "Content-Type",
                request.path().endsWith("/items") ? "application/x-ndjson" : "application/json")
            .method(
                request.method(),
                request.body() == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : request.body().publisher());
    if (!request.credential().isEmpty()) {
      builder.header("Authorization", "Bearer " + request.credential());
    }
    if (!request.headers().isEmpty()) {
      builder.headers(request.headers().toArray(String[]::new));
    }
    return builder.build();
  }

  /** The status of the answer, after checking it. */
  int send(Request request) {
    int status;
    try {
      HttpResponse<Void> response =
          http.send(http(request), HttpResponse.BodyHandlers.discarding());
      status = response.statusCode();
      if (status == 503) {
        assertThat(response.headers().firstValue("Retry-After")).as("Retry-After").isPresent();
      }
    } catch (IOException e) {
      assertThat(request.body()).as("%s: %s: %s", request, e, serving.jvm()).isNotNull();
      status = HUNG_UP;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    answers
        .computeIfAbsent(request.kind(), k -> new ConcurrentSkipListMap<>())
        .merge(status, 1, Integer::sum);
    assertThat(serving.jvm().isAlive()).as("after %s: %s", request, serving.jvm()).isTrue();
    assertThat(status)
        .as("%s: %s", request, serving.jvm())
        .matches(code -> code == HUNG_UP || code < 500 || code == 503);
    return status;
  }

  /** Sends a request again while the server has no memory for it. */
  int sendUntilServed(Request request) {
    AtomicInteger status = new AtomicInteger();
    Await.until(
        "an answer to " + request,
        PATIENCE,
        () -> {
          status.set(isServed() ? send(request) : HUNG_UP);
          return !isServed() || (status.get() != 503 && status.get() != HUNG_UP);
        });
    assertThat(isServed()).as("after %s: %s", request, this).isTrue();
    return status.get();
  }

  /** Sends each request {@code count} times, all of one kind at once. */
  List<Integer> sendAtOnce(int count, List<Request> requests) {
    List<Integer> statuses = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int from = 0; from < requests.size(); from += count) {
        List<Request> some = requests.subList(from, Math.min(from + count, requests.size()));
        List<Callable<Integer>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          Request request = some.get(i % some.size());
          calls.add(() -> send(request));
        }
        for (Future<Integer> call : threads.invokeAll(calls)) {
          statuses.add(call.get());
        }
      }
      return statuses;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } catch (java.util.concurrent.ExecutionException e) {
      throw new AssertionError(e.getCause().getMessage(), e.getCause());
    }
  }

  /** The body of a successful answer, as JSON. */
  JsonNode json(Request request) {
    try {
      HttpResponse<String> response =
          http.send(http(request), HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as("%s: %s", request, response.body()).isBetween(200, 299);
      return WireJson.mapper().readTree(response.body());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public String toString() {
    return serving.jvm().toString();
  }

  void awaitHealthy() {
    Await.until(
        "the server to be healthy",
        PATIENCE,
        () ->
            send(Request.get("/health/live")) == 200 && send(Request.get("/health/ready")) == 200);
  }

  /** The bytes in use after a garbage collection. */
  long usedHeap() throws Exception {
    jcmd("GC.run");
    Matcher used =
        Pattern.compile("(?:PSYoungGen|ParOldGen) .*, used (\\d+)K").matcher(jcmd("GC.heap_info"));
    long sum = 0;
    while (used.find()) {
      sum += 1024 * Long.parseLong(used.group(1));
    }
    assertThat(sum).as("used heap").isPositive();
    return sum;
  }

  private String jcmd(String command) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(serving.jvm().pid()),
                command)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }

  /** Opens a session for these tasks; returns its path. */
  String openSession(String... tasks) {
    String declared =
        Arrays.stream(tasks.length == 0 ? new String[] {"none"} : tasks)
            .map("{\"id\":\"%s\"}"::formatted)
            .collect(Collectors.joining(","));
    String session =
        json(Request.post(
                "/worker/v1/sessions",
                LongBody.of(
                    "{\"name\":\"w\",\"version\":\"1\",\"slots\":1000,\"tasks\":[%s]}"
                        .formatted(declared))))
            .path("sessionId")
            .asString();
    return "/worker/v1/sessions/" + session;
  }

  String triggeredRun(String body) {
    return json(Request.post("/api/v1/tasks/plain/trigger", LongBody.of(body)))
        .path("id")
        .asString();
  }

  /** The id of a run that completed with a payload and an output of almost the largest sizes. */
  String completedRun() {
    LongBody payload = LongBody.of(3_000_000, "{\"payload\":\"", "p", "\"}");
    String run = json(Request.post("/api/v1/tasks/reads/trigger", payload)).path("id").asString();
    String session = openSession("reads");
    awaitClaim(session);
    complete(session, run);
    return run;
  }

  /** The id of a batch whose runs completed with outputs of almost the largest size. */
  String completedBatch() {
    String batch =
        json(Request.post("/api/v1/tasks/batched/batch", LongBody.of("{\"items\":[{},{}]}")))
            .path("batchId")
            .asString();
    String session = openSession("batched");
    awaitClaim(session);
    awaitClaim(session);
    for (JsonNode run : json(Request.get("/api/v1/batches/" + batch)).path("runs")) {
      complete(session, run.asString());
    }
    return batch;
  }

  private void complete(String session, String run) {
    LongBody report =
        LongBody.of(OUTPUT_CHARS, "{\"finished\":[" + finished(run), "o", "\\\"\"}]}");
    assertThat(sendUntilServed(Request.post(session + "/reports", report))).isEqualTo(200);
  }

  /** The id of a streamed batch that waits for this number of items. */
  String announcedBatch(int items) {
    return json(Request.post("/api/v3/batches", LongBody.of("{\"runCount\":%s}".formatted(items))))
        .path("id")
        .asString();
  }

  /** Stores 100 runs with the tag {@code list} and metadata of almost the largest size. */
  void listedRuns() {
    String item =
        ",{\"task\":\"t\",\"options\":{\"tags\":\"list\",\"metadata\":{\"a\":\""
            + "m".repeat(255 * 1024)
            + "\"}}}";
    for (int i = 0; i < 2; i++) {
      LongBody body = new LongBody("{\"items\":[{\"task\":\"t\"}", item, 50, "]}");
      assertThat(sendUntilServed(Request.post("/api/v1/tasks/batch", body))).isEqualTo(200);
    }
  }

  private void awaitClaim(String session) {
    Await.until(
        "a claim",
        PATIENCE,
        () ->
            !json(Request.post(session + "/poll", LongBody.of("{\"slots\":1}")))
                .path("assignments")
                .isEmpty());
  }

  private static String finished(String run) {
    return "{\"runId\":\"%s\",\"fence\":1,\"attempt\":1,\"durationMillis\":1,\"output\":\"\\\""
        .formatted(run);
  }

  /** Prepares a report of real runs with long outputs; returns its path. */
  String reportOfOutputs(int count) {
    String session = openSession("outputs");
    List<String> runs =
        IntStream.range(0, count)
            .mapToObj(i ->
                json(Request.post("/api/v1/tasks/outputs/trigger", LongBody.of("{}")))
                    .path("id")
                    .asString())
            .toList();
    for (int i = 0; i < count; i++) {
      awaitClaim(session);
    }
    StringBuilder body = new StringBuilder("{\"finished\":[");
    for (String run : runs) {
      body.append(body.length() > 20 ? "," : "").append(finished(run));
      body.append("o".repeat(OUTPUT_CHARS)).append("\\\"\"}");
    }
    outputs = LongBody.of(body.append("]}").toString());
    return session + "/reports";
  }

  LongBody outputs() {
    return java.util.Objects.requireNonNull(outputs);
  }
}

package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.PARTITION_SPAN;
import static dev.fanfare.server.config.ServerSettings.RETENTION;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.config.Retention;
import dev.fanfare.server.http.Route;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Requests that name runs and batches that were dropped after the retention. */
@TestInstance(Lifecycle.PER_CLASS)
class DroppedRunsTest {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final String REQUEST_KEY = "x-trigger-request-idempotency-key";
  private static final String KEY = "idempotency-key";
  private static final String TRIGGER = "/api/v1/tasks/a/trigger";
  private static final String BATCH = "/api/v1/tasks/batch";
  private static final String ITEMS = "{\"items\":[{\"task\":\"a\"},{\"task\":\"a\"}]}";

  private TestServer server;
  private String session;
  private String usedToken;

  // All dropped:
  private String run;
  private String batch;
  private String streamed;

  /** A server that keeps runs for a second. */
  TestServer start() {
    return TestServer.start(config ->
        config
            .with(PARTITION_SPAN, Duration.ofSeconds(1))
            .with(RETENTION, new Retention(Duration.ofSeconds(1))));
  }

  @BeforeAll
  void dropAll() {
    server = start();
    session =
        server
            .post(
                "/worker/v1/sessions",
                "{\"name\":\"w\",\"version\":\"1\",\"slots\":50,\"tasks\":[{\"id\":\"a\"}]}")
            .json()
            .get("sessionId")
            .asString();
    usedToken = token().with("otu", true).sign(server.key);
    run = id(server.post(TRIGGER, "{}", KEY, "run key", REQUEST_KEY, "r1"));
    trigger("{\"options\":{\"parentRunId\":\"%s\"}}".formatted(run));
    server.postAs(usedToken, TRIGGER, "{}");
    trigger("{\"payload\":\"p/1\",\"options\":{\"payloadType\":\"application/store\"}}");
    batch =
        server
            .post(BATCH, ITEMS, KEY, "batch key", REQUEST_KEY, "r2")
            .json()
            .get("batchId")
            .asString();
    streamed = announce("streamed key");
    assertThat(stream(streamed).status()).isEqualTo(200);
    finishAll();
    Await.until(
        "everything is dropped",
        BOUND,
        () ->
            List.of(
                        "/api/v3/runs/" + run,
                        "/api/v2/batches/" + batch,
                        "/api/v2/batches/" + streamed)
                    .stream()
                    .allMatch(path -> server.get(path).status() == 404)
                && server.runs() == 0);
  }

  @AfterAll
  void stop() throws IOException {
    server.close();
  }

  private Jwt token() {
    return server
        .token()
        .scopes("trigger:tasks", "batchTrigger:tasks", "read:runs:" + run, "write:runs:" + run);
  }

  private static String id(Reply reply) {
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    return reply.json().get("id").asString();
  }

  private String trigger(String body) {
    return id(server.post(TRIGGER, body));
  }

  private String announce(String key) {
    Reply reply =
        server.post("/api/v3/batches", "{\"runCount\":1,\"idempotencyKey\":\"" + key + "\"}");
    assertThat(reply.status()).as(reply.text()).isEqualTo(202);
    return reply.json().get("id").asString();
  }

  private Reply stream(String id) {
    return server.post(
        "/api/v3/batches/" + id + "/items",
        "{\"index\":0,\"task\":\"a\"}\n",
        "Content-Type",
        "application/x-ndjson");
  }

  private JsonNode poll() {
    return server.post("/worker/v1/sessions/" + session + "/poll", "{\"slots\":50}").json();
  }

  private Reply report(String body) {
    return server.post("/worker/v1/sessions/" + session + "/reports", body);
  }

  private void finishAll() {
    for (JsonNode claimed : poll().get("assignments")) {
      String held =
          "{\"runId\":%s,\"fence\":%s,\"attempt\":1,\"output\":\"1\"}"
              .formatted(claimed.get("runId"), claimed.get("fence"));
      assertThat(report("{\"finished\":[" + held + "]}").status()).isEqualTo(200);
    }
  }

  static Stream<Arguments> unknown() {
    return Stream.of(
        Arguments.of("GET", "/api/v3/runs/{run}", "", 404),
        Arguments.of("GET", "/api/v1/runs/{run}/result", "", 404),
        Arguments.of("GET", "/api/v1/runs/{run}/metadata", "", 404),
        Arguments.of("PUT", "/api/v1/runs/{run}/metadata", "{\"metadata\":{\"a\":1}}", 404),
        Arguments.of(
            "PUT",
            "/api/v1/runs/{run}/metadata",
            "{\"rootOperations\":[{\"type\":\"set\",\"key\":\"a\",\"value\":1}]}",
            404),
        Arguments.of("POST", "/api/v1/runs/{run}/tags", "{\"tags\":\"t\"}", 404),
        Arguments.of("POST", "/api/v2/runs/{run}/cancel", "", 404),
        Arguments.of("POST", "/api/v1/runs/{run}/replay", "", 404),
        Arguments.of("POST", "/api/v1/runs/{run}/reschedule", "{\"delay\":\"1h\"}", 404),
        Arguments.of("GET", "/api/v1/runs/{run}/packets/payload", "", 404),
        Arguments.of("GET", "/api/v1/runs/{run}/packets/output", "", 404),
        Arguments.of("GET", "/api/v1/batches/{batch}", "", 404),
        Arguments.of("GET", "/api/v2/batches/{batch}", "", 404),
        Arguments.of("GET", "/api/v1/batches/{batch}/results", "", 404),
        Arguments.of("POST", "/api/v3/batches/{batch}/items", "{\"index\":0,\"task\":\"a\"}", 422),
        Arguments.of(
            "POST", "/api/v3/batches/{streamed}/items", "{\"index\":0,\"task\":\"a\"}", 422));
  }

  private String named(String path) {
    return path.replace("{run}", run).replace("{batch}", batch).replace("{streamed}", streamed);
  }

  private Reply send(String credential, String method, String path, String body) {
    return server.send(
        method,
        named(path),
        BodyPublishers.ofString(body),
        credential,
        "Content-Type",
        "application/x-ndjson");
  }

  @ParameterizedTest
  @MethodSource("unknown")
  void a_dropped_run_or_batch_is_unknown(String method, String path, String body, int status) {
    Reply reply = send(server.key, method, path, body);
    assertThat(reply.status()).as(reply.text()).isEqualTo(status);
    assertThat(reply.error()).isNotBlank();
    Jwt admin = server.token().scopes("admin");
    assertThat(send(admin.sign(server.key), method, path, body).status()).isIn(status, 401);
    assertThat(send(token().sign(server.key), method, path, body).status()).isIn(status, 401, 403);
  }

  @Test
  void every_route_answers_requests_that_name_them() {
    List<String> wrong = new ArrayList<>();
    for (Route route : server.server.routes()) {
      String path =
          route
              .path()
              .replace("{task}", "a")
              .replace("{key}", "run%20key")
              .replace("{session}", "session_0000000000000000000000000")
              .replace("{field}", "payload")
              .replace("{environment}", "1")
              .replace("{path*}", "p/1");
      for (String body : List.of("", "{}", bodyThatNamesThem())) {
        int status = send(server.key, route.method(), path, body).status();
        if (status >= 500) {
          wrong.add(route.method() + " " + path + " " + body + ": " + status);
        }
      }
      assertThat(named(path)).doesNotContain("{");
    }
    assertThat(wrong).isEmpty();
  }

  private String bodyThatNamesThem() {
    return """
    {"items":[{"task":"a","options":{"parentRunId":"%1$s"}}],"taskIdentifier":"a",
     "options":{"parentRunId":"%1$s"},"parentRunId":"%1$s","runCount":1,"name":"w","slots":0,
     "scopes":["read:runs:%1$s"],
     "started":[{"runId":"%1$s","fence":1,"attempt":1}],
     "finished":[{"runId":"%1$s","fence":1,"attempt":1,"output":"1"}]}
    """
        .formatted(run);
  }

  @Test
  void a_list_can_continue_after_a_dropped_run() {
    for (String query :
        List.of("page[after]=" + run, "page[before]=" + run, "filter[batch]=" + batch)) {
      Reply reply = server.get("/api/v1/runs?" + query.replace("[", "%5B").replace("]", "%5D"));
      assertThat(reply.status()).as(reply.text()).isEqualTo(200);
      assertThat(reply.json().get("data").isArray()).isTrue();
    }
  }

  @Test
  void a_dropped_parent_is_no_parent() {
    for (String options :
        List.of(
            "{\"parentRunId\":\"" + run + "\"}",
            "{\"parentRunId\":\"" + run + "\",\"resumeParentOnCompletion\":true}")) {
      String child = trigger("{\"options\":" + options + "}");
      JsonNode relatives = server.get("/api/v3/runs/" + child).json().get("relatedRuns");
      assertThat(relatives.path("parent").isMissingNode() || relatives.path("parent").isNull())
          .isTrue();
      String items = "{\"items\":[{\"task\":\"a\"}],\"parentRunId\":\"" + run + "\"}";
      assertThat(server.post(BATCH, items).status()).isEqualTo(200);
    }
    Reply refused =
        server.postAs(
            token().sign(server.key), TRIGGER, "{\"options\":{\"parentRunId\":\"" + run + "\"}}");
    assertThat(refused.status()).isEqualTo(403);
    String announced = "{\"runCount\":1,\"parentRunId\":\"" + run + "\"}";
    String id = server.post("/api/v3/batches", announced).json().get("id").asString();
    assertThat(stream(id).status()).isEqualTo(200);
  }

  @Test
  void a_repeated_trigger_returns_the_dropped_run() {
    Reply repeated = server.post(TRIGGER, "{}", KEY, "run key", REQUEST_KEY, "r1");
    assertThat(id(repeated)).isEqualTo(run);
  }

  @Test
  void the_idempotency_key_of_a_dropped_run_creates_another() {
    Reply created = server.post(TRIGGER, "{}", KEY, "run key");
    assertThat(id(created)).isNotEqualTo(run);
    assertThat(created.json().get("isCached").asBoolean()).isFalse();
  }

  @Test
  void the_keys_of_a_dropped_batch_create_another() {
    Reply created = server.post(BATCH, ITEMS, KEY, "batch key", REQUEST_KEY, "r2");
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    String id = created.json().get("batchId").asString();
    assertThat(id).isNotEqualTo(batch);
    assertThat(created.json().get("isCached").asBoolean()).isFalse();
    Reply cached = server.post(BATCH, ITEMS, KEY, "batch key");
    assertThat(cached.json().get("batchId").asString()).isEqualTo(id);
    assertThat(cached.json().get("isCached").asBoolean()).isTrue();
  }

  @Test
  void the_key_of_a_dropped_streamed_batch_announces_another() {
    String id = announce("streamed key");
    assertThat(id).isNotEqualTo(streamed);
    assertThat(stream(id).status()).isEqualTo(200);
  }

  @Test
  void a_used_one_time_token_stays_used() {
    assertThat(server.postAs(usedToken, TRIGGER, "{}").status()).isEqualTo(422);
    assertThat(server.postAs(usedToken, BATCH, ITEMS).status()).isEqualTo(422);
  }

  @Test
  void a_worker_learns_that_it_lost_a_dropped_run() {
    String held = "{\"runId\":\"" + run + "\",\"fence\":1,\"attempt\":1}";
    String failed =
        "{\"runId\":\"%s\",\"fence\":1,\"attempt\":1,\"error\":{\"type\":\"STRING_ERROR\",\"raw\":\"e\"}}"
            .formatted(run);
    for (String body :
        List.of(
            "{\"started\":[" + held + "]}",
            "{\"finished\":[" + held.replace("}", ",\"output\":\"1\"}") + "]}",
            "{\"finished\":[" + failed + "]}")) {
      Reply reply = report(body);
      assertThat(reply.status()).as(reply.text()).isEqualTo(200);
      assertThat(reply.json().at("/lost/0/runId").asString()).isEqualTo(run);
    }
    assertThat(report("{\"returned\":[" + held + "]}").status()).isEqualTo(200);
  }
}

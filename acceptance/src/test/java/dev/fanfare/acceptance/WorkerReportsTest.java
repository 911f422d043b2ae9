package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.OUTPUT_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.REPORT_BODY_BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.Administration;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Reports of faulty or malicious workers: none causes a 5xx, none harms another run. */
class WorkerReportsTest {
  private static final String SESSIONS = "/worker/v1/sessions";
  private static final int OUTPUT_MAX = 1_000;
  private static TestServer server;
  private static String elsewhere;

  @BeforeAll
  static void start() throws IOException {
    server =
        TestServer.start(config ->
            config.with(OUTPUT_BYTES_MAX, OUTPUT_MAX).with(REPORT_BODY_BYTES_MAX, 100_000));
    try (Administration administration = Administration.open(server.config)) {
      elsewhere = administration.createKey("prod").key().text();
    }
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static Reply post(String key, String path, String body) {
    return server.send("POST", path, HttpRequest.BodyPublishers.ofString(body), key);
  }

  private static String open(String key, String task) {
    String body =
        "{\"name\":\"w\",\"version\":\"1\",\"slots\":5,\"tasks\":[{\"id\":\"" + task + "\"}]}";
    return post(key, SESSIONS, body).json().get("sessionId").asString();
  }

  private static String trigger(String key, String task) {
    return post(key, "/api/v1/tasks/" + task + "/trigger", "{\"options\":{\"maxAttempts\":1}}")
        .json()
        .get("id")
        .asString();
  }

  private static JsonNode poll(String key, String session, int slots) {
    Reply reply = post(key, SESSIONS + "/" + session + "/poll", "{\"slots\":" + slots + "}");
    assertThat(reply.status()).isEqualTo(200);
    return reply.json().get("assignments");
  }

  private static Reply report(String session, String body) {
    return server.post(SESSIONS + "/" + session + "/reports", body);
  }

  private static String finished(String runId, String fields) {
    return "{\"runId\":\"" + runId + "\",\"fence\":1,\"attempt\":1," + fields + "}";
  }

  private static JsonNode run(String runId) {
    return server.get("/api/v3/runs/" + runId).json();
  }

  static Stream<Arguments> reports() {
    String run = "run_0000000000000000000000000";
    String held = "\"runId\":\"" + run + "\"";
    return Stream.of(
        Arguments.of(400, ""),
        Arguments.of(400, "nonsense"),
        Arguments.of(400, "[]"),
        Arguments.of(400, "{\"started\":{}}"),
        Arguments.of(400, "{\"started\":[null]}"),
        Arguments.of(400, "{\"started\":[{}]}"),
        Arguments.of(400, "{\"started\":[{\"runId\":\"x\",\"fence\":1,\"attempt\":1}]}"),
        Arguments.of(400, "{\"started\":[{" + held + ",\"fence\":0,\"attempt\":1}]}"),
        Arguments.of(400, "{\"started\":[{" + held + ",\"fence\":1,\"attempt\":0}]}"),
        Arguments.of(400, "{\"started\":[{" + held + ",\"fence\":1,\"attempt\":32768}]}"),
        Arguments.of(400, "{\"started\":[{" + held + ",\"fence\":2147483648,\"attempt\":1}]}"),
        Arguments.of(400, "{\"returned\":[{" + held + "}]}"),
        Arguments.of(400, "{\"returned\":[{\"runId\":\"batch_0000000000000000000000000\"}]}"),
        Arguments.of(400, "{\"finished\":[null]}"),
        Arguments.of(400, "{\"finished\":[{\"fence\":1,\"attempt\":1}]}"),
        Arguments.of(400, "{\"finished\":[" + finished(run, "\"error\":{}") + "]}"),
        Arguments.of(400, "{\"finished\":[" + finished(run, "\"error\":{\"type\":\"?\"}") + "]}"),
        Arguments.of(413, "{\"finished\":[],\"x\":\"" + "x".repeat(100_000) + "\"}"));
  }

  @ParameterizedTest
  @MethodSource("reports")
  void an_invalid_report_is_rejected(int status, String body) {
    Reply reply = report(open(server.key, "echo"), body);
    assertThat(reply.status()).isEqualTo(status);
    assertThat(reply.error()).isNotBlank();
  }

  @Test
  void an_unknown_or_foreign_run_is_reported_as_lost_and_not_changed() {
    String foreign = trigger(elsewhere, "foreign");
    String session = open(server.key, "foreign");
    String run = trigger(server.key, "foreign");
    assertThat(poll(server.key, session, 1)).hasSize(1);
    for (String lost : List.of("run_0000000000000000000000000", foreign)) {
      String held = "{\"runId\":\"" + lost + "\",\"fence\":1,\"attempt\":1}";
      for (String body :
          List.of(
              "{\"started\":[" + held + "]}",
              "{\"finished\":[" + finished(lost, "\"output\":\"1\"") + "]}",
              "{\"finished\":["
                  + finished(lost, "\"error\":{\"type\":\"STRING_ERROR\",\"raw\":\"e\"}")
                  + "]}")) {
        Reply reply = report(session, body);
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.json().at("/lost/0/runId").asString()).as(body).isEqualTo(lost);
      }
      assertThat(report(session, "{\"returned\":[" + held + "]}").status()).isEqualTo(200);
    }
    String foreignSession = open(elsewhere, "foreign");
    assertThat(poll(elsewhere, foreignSession, 1).at("/0/runId").asString()).isEqualTo(foreign);
    // The held leases of the report count, despite the lost ones.
    String both = finished(foreign, "\"output\":\"1\"") + "," + finished(run, "\"output\":\"2\"");
    assertThat(report(session, "{\"finished\":[" + both + "]}").json().get("lost")).hasSize(1);
    assertThat(run(run).get("status").asString()).isEqualTo("COMPLETED");
  }

  static Stream<Arguments> outcomes() {
    String error = "\"error\":{\"type\":\"BUILT_IN_ERROR\",\"name\":\"E\",\"message\":";
    return Stream.of(
        Arguments.of("FAILED", "\"output\":\"\\\"" + "o".repeat(OUTPUT_MAX) + "\\\"\""),
        Arguments.of("FAILED", "\"output\":\"\\u0000\""),
        Arguments.of("FAILED", "\"output\":\"1\",\"outputType\":\"" + "t".repeat(129) + "\""),
        Arguments.of("FAILED", "\"output\":\"1\",\"outputType\":\"a\\u0000b\""),
        Arguments.of("FAILED", "\"output\":\"1\",\"outputType\":\"\\ud800\""),
        Arguments.of("COMPLETED", "\"output\":\"\\\"\\ud800\\\"\""),
        Arguments.of("COMPLETED", "\"output\":\"1\",\"durationMillis\":" + Long.MAX_VALUE),
        Arguments.of("COMPLETED", "\"output\":\"1\",\"durationMillis\":" + Long.MIN_VALUE),
        Arguments.of("FAILED", error + "\"\\u0000 and \\ud800\"}"),
        Arguments.of(
            "FAILED", error + "\"m\"},\"retryable\":true,\"durationMillis\":" + Long.MAX_VALUE));
  }

  /** One bad run in a report must not affect the others. */
  @ParameterizedTest
  @MethodSource("outcomes")
  void an_outcome_that_cannot_be_stored_unchanged_ends_only_its_own_run(
      String status, String fields) {
    String session = open(server.key, "pair");
    String odd = trigger(server.key, "pair");
    String even = trigger(server.key, "pair");
    assertThat(poll(server.key, session, 2)).hasSize(2);
    String both = finished(odd, fields) + "," + finished(even, "\"output\":\"2\"");
    assertThat(report(session, "{\"finished\":[" + both + "]}").status()).isEqualTo(200);
    assertThat(run(odd).get("status").asString()).isEqualTo(status);
    assertThat(run(even).get("status").asString()).isEqualTo("COMPLETED");
  }

  static Stream<Arguments> twice() {
    String error = "\"error\":{\"type\":\"STRING_ERROR\",\"raw\":\"e\"}";
    return Stream.of(
        Arguments.of("\"output\":\"1\"", "\"output\":\"1\"", "COMPLETED"),
        Arguments.of("\"output\":\"1\"", "\"output\":\"2\"", "COMPLETED"),
        Arguments.of("\"output\":\"1\"", error, "COMPLETED"),
        Arguments.of(error, "\"output\":\"1\"", "FAILED"),
        Arguments.of(error, error, "FAILED"));
  }

  /** As a worker sends it that repeats entries after its connection was cut. */
  @ParameterizedTest
  @MethodSource("twice")
  void of_two_outcomes_of_an_attempt_the_first_counts(String first, String second, String status) {
    String session = open(server.key, "twice");
    String run = trigger(server.key, "twice");
    String other = trigger(server.key, "twice");
    assertThat(poll(server.key, session, 2)).hasSize(2);
    String start = "{\"runId\":\"" + other + "\",\"fence\":1,\"attempt\":1}";
    Reply reply =
        report(
            session,
            "{\"started\":[%s,%s],\"finished\":[%s,%s]}"
                .formatted(start, start, finished(run, first), finished(run, second)));
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.json().get("lost")).isEmpty();
    assertThat(run(run).get("status").asString()).isEqualTo(status);
    assertThat(run(other).get("status").asString()).isEqualTo("EXECUTING");
    assertThat(run(other).path("startedAt").isString()).isTrue();
  }

  @Test
  void an_outcome_under_another_fence_is_lost_and_the_one_of_the_lease_counts() {
    String session = open(server.key, "fences");
    String run = trigger(server.key, "fences");
    assertThat(poll(server.key, session, 1)).hasSize(1);
    String stale = finished(run, "\"output\":\"9\"").replace("\"fence\":1", "\"fence\":9");
    String held = finished(run, "\"output\":\"1\"");
    Reply reply = report(session, "{\"finished\":[" + stale + "," + held + "," + stale + "]}");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.json().get("lost")).hasSize(1);
    assertThat(reply.json().at("/lost/0/fence").asInt()).isEqualTo(9);
    assertThat(run(run).get("output").asInt()).isEqualTo(1);
  }

  @Test
  void a_run_handed_back_twice_is_queued_once() {
    String session = open(server.key, "back");
    String run = trigger(server.key, "back");
    assertThat(poll(server.key, session, 1)).hasSize(1);
    String held = "{\"runId\":\"" + run + "\",\"fence\":1}";
    Reply reply = report(session, "{\"returned\":[" + held + "," + held + "]}");
    assertThat(reply.json().get("lost")).isEmpty();
    assertThat(poll(server.key, session, 5)).hasSize(1);
  }

  /** SQLSTATE 22P05: the database has no character for one of the output's. */
  @Test
  void an_outcome_that_the_database_cannot_store_is_refused_by_name() {
    String session = open(server.key, "unstorable");
    String run = trigger(server.key, "unstorable");
    String other = trigger(server.key, "unstorable");
    assertThat(poll(server.key, session, 2)).hasSize(2);
    String both = finished(run, "\"output\":\"1\"") + "," + finished(other, "\"output\":\"2\"");
    try (DatabaseFault fault = DatabaseFault.install(server, "outcomes", "22P05", 2)) {
      Reply together = report(session, "{\"finished\":[" + both + "]}");
      assertThat(together.status()).isEqualTo(422);
      assertThat(together.error()).contains("one of the 2 outcomes");
      Reply alone = report(session, "{\"finished\":[" + finished(run, "\"output\":\"1\"") + "]}");
      assertThat(alone.status()).isEqualTo(422);
      assertThat(alone.error()).contains(run);
    }
    assertThat(report(session, "{\"finished\":[" + both + "]}").status()).isEqualTo(200);
  }
}

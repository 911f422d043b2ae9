package dev.fanfare.acceptance;

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
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What the worker endpoints reject; no request of a worker may cause a 5xx. */
class WorkerRefusalsTest {
  private static final String SESSIONS = "/worker/v1/sessions";
  private static final String UNKNOWN = "session_0000000000000000000000000";
  private static TestServer server;
  private static String elsewhere;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start();
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

  // Authentication ----------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST /worker/v1/sessions",
        "POST /worker/v1/sessions/" + UNKNOWN + "/poll",
        "POST /worker/v1/sessions/" + UNKNOWN + "/reports",
        "DELETE /worker/v1/sessions/" + UNKNOWN
      })
  void every_endpoint_rejects_missing_keys_before_it_reads_the_body(String endpoint) {
    String method = endpoint.split(" ")[0];
    String path = endpoint.split(" ")[1];
    HttpRequest.BodyPublisher nonsense = HttpRequest.BodyPublishers.ofString("nonsense");
    for (String credential :
        List.of("", "tr_dev_000000000000000000000000", "tr_pat_0123456789", "a.b.c")) {
      assertThat(server.send(method, path, nonsense, credential).status()).isEqualTo(401);
    }
    // A public token can read, but cannot act as a worker.
    String token = server.post("/api/v1/tasks/echo/trigger", "{}").header("x-trigger-jwt");
    assertThat(server.send(method, path, nonsense, token).status()).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST poll {\"slots\":1}", "POST reports {}", "DELETE"})
  void a_session_that_is_unknown_closed_or_of_another_environment_is_gone(String call) {
    String closed = open(server.key, "echo");
    assertThat(call("DELETE", closed).status()).isEqualTo(200);
    String foreign = open(elsewhere, "echo");
    for (String session : List.of(UNKNOWN, closed, foreign)) {
      Reply reply = call(call, session);
      // Closing a closed session succeeds.
      assertThat(reply.status()).as(session).isEqualTo(call.equals("DELETE") ? 200 : 410);
    }
    // The other environment's session is unaffected.
    trigger(elsewhere, "echo");
    assertThat(poll(elsewhere, foreign, 1)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST poll {\"slots\":1}", "POST reports {}", "DELETE"})
  void an_invalid_session_id_is_not_found(String call) {
    for (String session :
        List.of("x", "session_", "run_0000000000000000000000000", UNKNOWN + "0", "%00", "%F0%9F")) {
      Reply reply = call(call, session);
      assertThat(reply.status()).as(session).isEqualTo(404);
      assertThat(reply.error()).isEqualTo("Session not found");
    }
  }

  /** {@code call} is a method, the path after the session, and a body. */
  private static Reply call(String call, String session) {
    String[] words = call.split(" ", 3);
    String path = SESSIONS + "/" + session + (words.length > 1 ? "/" + words[1] : "");
    String body = words.length > 2 ? words[2] : "";
    return server.send(words[0], path, HttpRequest.BodyPublishers.ofString(body), server.key);
  }

  // Content -------------------------------------------------------------------------------------

  static Stream<Arguments> introductions() {
    String tasks = "\"tasks\":[{\"id\":\"t\"}]";
    String who = "\"name\":\"w\",\"version\":\"1\",\"slots\":1,";
    String task = who + "\"tasks\":[{\"id\":\"t\",";
    return Stream.of(
        Arguments.of("body is empty", ""),
        Arguments.of("Invalid JSON", "{"),
        Arguments.of("the shape of SessionRequest", "{} {}"),
        Arguments.of("must be an object", "null"),
        Arguments.of("the shape of SessionRequest", "[]"),
        Arguments.of("the shape of SessionRequest", "\"text\""),
        Arguments.of("name", "{}"),
        Arguments.of("name", "{\"name\":\" \",\"version\":\"1\",\"slots\":1," + tasks + "}"),
        Arguments.of("name", "{\"name\":\"a\\u0000\",\"version\":\"1\",\"slots\":1," + tasks + "}"),
        Arguments.of("name", "{\"name\":\"\\ud800\",\"version\":\"1\",\"slots\":1," + tasks + "}"),
        Arguments.of("version", "{\"name\":\"w\",\"slots\":1," + tasks + "}"),
        Arguments.of(
            "version",
            "{\"name\":\"w\",\"version\":\"" + "1".repeat(129) + "\",\"slots\":1," + tasks + "}"),
        Arguments.of("slots", "{\"name\":\"w\",\"version\":\"1\"," + tasks + "}"),
        Arguments.of("slots", "{\"name\":\"w\",\"version\":\"1\",\"slots\":10001," + tasks + "}"),
        Arguments.of(
            "the shape of",
            "{\"name\":\"w\",\"version\":\"1\",\"slots\":99999999999," + tasks + "}"),
        Arguments.of("tasks", "{" + who + "\"tasks\":[]}"),
        Arguments.of("tasks", "{\"name\":\"w\",\"version\":\"1\",\"slots\":1}"),
        Arguments.of("tasks", "{" + who + "\"tasks\":" + tasks(1_001) + "}"),
        Arguments.of("tasks[0].id", "{" + who + "\"tasks\":[null]}"),
        Arguments.of("tasks[0].id", "{" + who + "\"tasks\":[{}]}"),
        Arguments.of("tasks[0].id", "{" + who + "\"tasks\":[{\"id\":\"\"}]}"),
        Arguments.of("tasks[0].id", "{" + who + "\"tasks\":[{\"id\":\"a\\u0000b\"}]}"),
        Arguments.of("declared twice", "{" + who + "\"tasks\":[{\"id\":\"t\"},{\"id\":\"t\"}]}"),
        Arguments.of("queue.name", "{" + task + "\"queue\":{}}]}"),
        Arguments.of("queue.name", "{" + task + "\"queue\":{\"name\":\"a b\"}}]}"),
        Arguments.of(
            "queue.concurrencyLimit",
            "{" + task + "\"queue\":{\"name\":\"q\",\"concurrencyLimit\":0}}]}"),
        Arguments.of("retry.maxAttempts", "{" + task + "\"retry\":{}}]}"),
        Arguments.of("retry.maxAttempts", "{" + task + retry("251,1,1,1") + "}]}"),
        Arguments.of("retry.minTimeoutMillis", "{" + task + retry("3,-1,1,1") + "}]}"),
        Arguments.of("retry.maxTimeoutMillis", "{" + task + retry("3,2,1,1") + "}]}"),
        Arguments.of(
            "retry.maxTimeoutMillis",
            "{" + task + retry("3," + Long.MAX_VALUE + "," + Long.MAX_VALUE + ",1") + "}]}"),
        Arguments.of("retry.factor", "{" + task + retry("3,1,1,0") + "}]}"),
        Arguments.of("retry.factor", "{" + task + retry("3,1,1,1e300") + "}]}"),
        Arguments.of("retry.factor", "{" + task + retry("3,1,1,\"NaN\"") + "}]}"));
  }

  private static String tasks(int count) {
    StringBuilder tasks = new StringBuilder("[");
    for (int i = 0; i < count; i++) {
      tasks.append(i == 0 ? "" : ",").append("{\"id\":\"t").append(i).append("\"}");
    }
    return tasks.append("]").toString();
  }

  private static String retry(String values) {
    String[] value = values.split(",", 4);
    return "\"retry\":{\"maxAttempts\":%s,\"minTimeoutMillis\":%s,\"maxTimeoutMillis\":%s,\"factor\":%s}"
        .formatted((Object[]) value);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("introductions")
  void an_invalid_session_request_is_a_400_that_names_the_field(String where, String body) {
    Reply reply = server.post(SESSIONS, body);
    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).contains(where);
  }

  @Test
  void a_poll_requires_a_valid_number_of_slots() {
    String session = open(server.key, "polled");
    for (String body :
        List.of("", "nonsense", "[]", "null", "{\"slots\":-1}", "{\"slots\":1e99}")) {
      assertThat(post(server.key, SESSIONS + "/" + session + "/poll", body).status())
          .as(body)
          .isEqualTo(400);
    }
    assertThat(poll(server.key, session, 0)).isEmpty();
    trigger(server.key, "polled");
    assertThat(poll(server.key, session, Integer.MAX_VALUE)).hasSize(1);
  }
}

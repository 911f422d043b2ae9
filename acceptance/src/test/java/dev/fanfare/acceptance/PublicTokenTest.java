package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.protocol.WireJson;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** What public access tokens allow, and how they are rejected, over real HTTP. */
class PublicTokenTest {
  private static final String INVALID = "Public Access Token is invalid";
  private static final String FORBIDDEN =
      "{\"error\":\"Unauthorized\",\"code\":\"unauthorized\","
          + "\"param\":\"access_token\",\"type\":\"authorization\"}";
  @AutoClose private static final TestServer server = TestServer.start();

  private static String token(String... scopes) {
    return server.token().scopes(scopes).sign(server.key);
  }

  private static JsonNode tree(String json) {
    return WireJson.mapper().readTree(json);
  }

  private static Reply trigger(String credential, String task, String... headers) {
    return server.postAs(credential, "/api/v1/tasks/" + task + "/trigger", "{}", headers);
  }

  private static Reply batch(String credential, String... tasks) {
    String items =
        String.join(",", Stream.of(tasks).map(t -> "{\"task\":\"%s\"}".formatted(t)).toList());
    return server.postAs(credential, "/api/v1/tasks/batch", "{\"items\":[" + items + "]}");
  }

  @TestFactory
  Stream<DynamicTest> a_credential_that_is_no_valid_token_is_a_401_with_its_text() {
    String other = "tr_dev_000000000000000000000000";
    Jwt good = server.token().scopes("admin");
    String signed = good.sign(server.key);
    long now = Instant.now().getEpochSecond();
    Map<String, List<String>> cases = new LinkedHashMap<>();
    cases.put("expired", List.of(server.token().expired().sign(server.key), INVALID));
    cases.put("without an end", List.of(server.token().without("exp").sign(server.key), INVALID));
    cases.put(
        "not yet valid", List.of(server.token().with("nbf", now + 60).sign(server.key), INVALID));
    cases.put("signed with another key", List.of(good.sign(other), INVALID));
    cases.put("unsigned", List.of(server.token().algorithm("none").sign(""), INVALID));
    cases.put(
        "another algorithm", List.of(server.token().algorithm("HS512").sign(server.key), INVALID));
    cases.put("signature cut", List.of(signed.substring(0, signed.length() - 2), INVALID));
    cases.put(
        "another issuer", List.of(server.token().with("iss", "me").sign(server.key), INVALID));
    cases.put(
        "another audience", List.of(server.token().with("aud", "you").sign(server.key), INVALID));
    cases.put(
        "scopes of another shape",
        List.of(server.token().with("scopes", 1).sign(server.key), INVALID));
    cases.put(
        "unknown environment",
        List.of(new Jwt("env_0").sign(server.key), "Invalid Public Access Token"));
    cases.put(
        "no environment",
        List.of(server.token().without("sub").sign(server.key), "Invalid Public Access Token"));
    cases.put(
        "not public", List.of(server.token().without("pub").sign(server.key), "Invalid API key"));
    cases.put(
        "pub as text",
        List.of(server.token().with("pub", "true").sign(server.key), "Invalid API key"));
    cases.put("no JSON inside", List.of("eyJ.eyJ.eyJ", "Invalid API key"));
    cases.put("personal token", List.of("tr_pat_123", "Invalid API key"));
    return cases.entrySet().stream()
        .map(c ->
            DynamicTest.dynamicTest(
                c.getKey(),
                () -> {
                  Reply reply = trigger(c.getValue().getFirst(), "a");
                  assertThat(reply.status()).isEqualTo(401);
                  assertThat(reply.text())
                      .isEqualTo("{\"error\":\"" + c.getValue().getLast() + "\"}");
                }));
  }

  @Test
  void a_missing_header_is_reported_as_a_problem_document() {
    Reply reply = trigger("", "a");
    assertThat(reply.status()).isEqualTo(401);
    assertThat(reply.header("content-type")).isEqualTo("application/problem+json");
    assertThat(reply.json().get("title").asString()).isEqualTo("Unauthorized");
    assertThat(reply.json().get("status").asInt()).isEqualTo(401);
    assertThat(reply.json().get("type").asString()).isNotEmpty();
    assertThat(reply.json().get("detail").asString())
        .isEqualTo(reply.error())
        .isEqualTo("No authorization header provided");
  }

  @Test
  void modified_claims_invalidate_the_signature() {
    String[] own = token("read:runs").split("\\.");
    String[] more = new Jwt("env_0").scopes("admin").sign("x").split("\\.");
    assertThat(trigger(own[0] + "." + more[1] + "." + own[2], "a").status()).isEqualTo(401);
  }

  @Test
  void a_token_triggers_only_the_tasks_it_names() {
    assertThat(trigger(token("trigger:tasks:a"), "a").status()).isEqualTo(200);
    assertThat(trigger(token("trigger:tasks"), "a").status()).isEqualTo(200);
    for (String scope : List.of("trigger:tasks:b", "batchTrigger:tasks", "read:tasks", "trigger")) {
      int before = server.runs();
      Reply reply = trigger(token(scope), "a");
      assertThat(reply.status()).as(scope).isEqualTo(403);
      assertThat(server.runs()).isEqualTo(before);
    }
    assertThat(tree(trigger(token(), "a").text())).isEqualTo(tree(FORBIDDEN));
  }

  @Test
  void a_batch_needs_a_scope_for_each_of_its_tasks() {
    String both = token("batchTrigger:tasks:a", "batchTrigger:tasks:b");
    assertThat(batch(both, "a", "b", "a").status()).isEqualTo(200);
    assertThat(batch(token("batchTrigger:tasks"), "a", "b").status()).isEqualTo(200);
    int before = server.runs();
    assertThat(batch(token("batchTrigger:tasks:a"), "a", "b").status()).isEqualTo(403);
    assertThat(batch(token("trigger:tasks"), "a").status()).isEqualTo(403);
    assertThat(server.runs()).isEqualTo(before);
    Reply none = batch(token("batchTrigger:tasks:a"));
    assertThat(none.error()).isEqualTo("Batch cannot be triggered with no items");
  }

  @Test
  void the_single_task_batch_endpoint_accepts_no_token() {
    Reply reply = server.postAs(token("admin"), "/api/v1/tasks/a/batch", "{\"items\":[{}]}");
    assertThat(reply.status()).isEqualTo(401);
    assertThat(reply.error()).isEqualTo("Invalid API key");
  }

  @Test
  void a_run_triggered_with_a_token_can_be_read_with_the_token_in_the_response() {
    Reply run = trigger(token("trigger:tasks:a"), "a");
    String read = "/api/v3/runs/" + run.json().get("id").asString();
    assertThat(server.getAs(run.header("x-trigger-jwt"), read).status()).isEqualTo(200);
    assertThat(server.getAs(token("trigger:tasks:a"), read).status()).isEqualTo(403);
    Reply batch = batch(token("batchTrigger:tasks"), "a");
    String readBatch = "/api/v1/batches/" + batch.json().get("batchId").asString();
    assertThat(server.getAs(batch.header("x-trigger-jwt"), readBatch).status()).isEqualTo(200);
  }

  @Test
  void a_run_can_be_read_by_any_of_its_names() {
    String body = "{\"options\":{\"tags\":[\"user:1\"]}}";
    String id = server.post("/api/v1/tasks/named/trigger", body).json().get("id").asString();
    for (String scope :
        List.of("read:runs:" + id, "read:tasks:named", "read:tags:user:1", "read:tags", "*:all")) {
      assertThat(server.getAs(token(scope), "/api/v3/runs/" + id).status())
          .as(scope)
          .isEqualTo(200);
    }
    for (String scope : List.of("read:runs:run_1", "read:tags:user", "read:batch", "write:runs")) {
      assertThat(server.getAs(token(scope), "/api/v3/runs/" + id).status())
          .as(scope)
          .isEqualTo(403);
    }
  }

  private static Reply announce(String credential, int count, String... headers) {
    String body = "{\"runCount\":%d,\"taskIdentifiers\":[\"a\"]}".formatted(count);
    return server.postAs(credential, "/api/v3/batches", body, headers);
  }

  private static Reply stream(String credential, String batch, String... tasks) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < tasks.length; i++) {
      lines.append("{\"index\":%d,\"task\":\"%s\"}\n".formatted(i, tasks[i]));
    }
    return server.postAs(
        credential,
        "/api/v3/batches/" + batch + "/items",
        lines.toString(),
        "Content-Type",
        "application/x-ndjson");
  }

  private static String id(Reply reply) {
    assertThat(reply.status()).as(reply.text()).isEqualTo(202);
    return reply.json().get("id").asString();
  }

  @Test
  void TWO_23_a_token_for_one_task_cannot_stream_another() {
    String onlyA = token("batchTrigger:tasks:a");
    String batch = id(announce(onlyA, 2));
    Reply refused = stream(onlyA, batch, "a", "b");
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.error()).isEqualTo("Unauthorized");
    JsonNode stored = server.get("/api/v2/batches/" + batch).json();
    assertThat(stored.get("status").asString()).isEqualTo("PENDING");
    assertThat(stored.get("runs")).isEmpty();
    assertThat(stream(onlyA, batch, "a", "a").json().get("sealed").asBoolean()).isTrue();
  }

  @Test
  void TWO_23_a_browser_that_may_trigger_one_task_gets_no_token_for_other_tasks() {
    Reply created = announce(token("batchTrigger:tasks:a"), 1, "x-trigger-client", "browser");
    String ofBatch = created.header("x-trigger-jwt");
    assertThat(stream(ofBatch, id(created), "b").status()).isEqualTo(403);
    assertThat(server.getAs(ofBatch, "/api/v2/batches/" + id(created)).status()).isEqualTo(200);
  }

  @Test
  void TWO_23_the_token_for_the_batch_of_a_browser_streams_to_that_batch_only() {
    String any = token("batchTrigger:tasks");
    Reply created = announce(any, 2, "x-trigger-client", "browser");
    String ofBatch = created.header("x-trigger-jwt");
    String other = id(announce(any, 1));
    assertThat(stream(ofBatch, other, "a").status()).isEqualTo(403);
    assertThat(server.get("/api/v2/batches/" + other).json().get("runs")).isEmpty();
    assertThat(trigger(ofBatch, "a").status()).as("nor does it trigger").isEqualTo(403);
    assertThat(stream(ofBatch, id(created), "a", "b").json().get("sealed").asBoolean()).isTrue();
  }

  private static Reply streamBody(String credential, String batch, HttpRequest.BodyPublisher body) {
    return server.send(
        "POST",
        "/api/v3/batches/" + batch + "/items",
        body,
        credential,
        "Content-Type",
        "application/x-ndjson");
  }

  private static HttpRequest.BodyPublisher chunked(String text) {
    return HttpRequest.BodyPublishers.ofInputStream(
        () -> new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void TWO_23_a_token_that_streams_no_item_learns_nothing_about_a_batch() {
    String any = token("batchTrigger:tasks");
    String open = id(announce(any, 1));
    String sealed = id(announce(any, 1));
    stream(any, sealed, "a");
    String unknown = "batch_" + "1".repeat(25);
    List<String> restricted =
        List.of(
            token("batchTrigger:tasks:a"),
            token("batchTrigger:tasks:a", "batchTrigger:tasks:b"),
            token("batchTrigger:tasks:other"),
            token("batchTrigger:batch"),
            token("write:batch:" + unknown.replace('1', '2')),
            token("read:batch", "read:tasks"),
            token("trigger:tasks"));
    for (String batch : List.of(open, sealed, unknown)) {
      for (String credential : restricted) {
        for (String nothing : List.of("", "\n", " \r\n\t\n")) {
          Reply reply = streamBody(credential, batch, chunked(nothing));
          assertThat(reply.status()).as(reply.text()).isEqualTo(403);
          assertThat(reply.error()).isEqualTo("Unauthorized");
        }
        assertThat(streamBody(credential, batch, HttpRequest.BodyPublishers.noBody()).status())
            .isEqualTo(403);
      }
    }
    // A token that may trigger every task, or write the batch, may also send nothing.
    for (String allowed : List.of(any, token("write:batch:" + open), token("write:batch"))) {
      Reply reply = streamBody(allowed, open, chunked("\n"));
      assertThat(reply.status()).as(reply.text()).isEqualTo(200);
      assertThat(reply.json().get("sealed").asBoolean()).isFalse();
    }
  }

  @Test
  void TWO_23_a_token_streams_to_a_sealed_batch_only_items_that_it_may_trigger() {
    String any = token("batchTrigger:tasks");
    String sealed = id(announce(any, 1));
    stream(any, sealed, "a");
    assertThat(stream(token("batchTrigger:tasks:b"), sealed, "a").status()).isEqualTo(403);
    Reply again = stream(token("batchTrigger:tasks:a"), sealed, "a");
    assertThat(again.status()).as(again.text()).isEqualTo(200);
    assertThat(again.json().get("sealed").asBoolean()).isTrue();
  }

  @Test
  void only_a_token_for_all_tasks_or_batches_announces_a_batch_without_naming_its_tasks() {
    Map<String, List<Integer>> statuses = new LinkedHashMap<>(); // unnamed, a, a and b
    statuses.put("batchTrigger:tasks:a", List.of(403, 202, 403));
    statuses.put("batchTrigger:tasks:b", List.of(403, 403, 403));
    statuses.put("batchTrigger:tasks", List.of(202, 202, 202));
    statuses.put("batchTrigger:batch", List.of(202, 202, 202));
    statuses.put("batchTrigger:all", List.of(202, 202, 202));
    statuses.put("batchTrigger:batch:batch_1", List.of(403, 403, 403));
    statuses.put("*:batch", List.of(202, 202, 202));
    statuses.put("admin", List.of(202, 202, 202));
    statuses.put("trigger:tasks", List.of(403, 403, 403));
    statuses.put("read:batch", List.of(403, 403, 403));
    statuses.put("write:batch", List.of(403, 403, 403));
    statuses.put("batchTrigger", List.of(403, 403, 403));
    statuses.put("", List.of(403, 403, 403));
    List<String> bodies =
        List.of(
            "{\"runCount\":1}",
            "{\"runCount\":1,\"taskIdentifiers\":[\"a\"]}",
            "{\"runCount\":1,\"taskIdentifiers\":[\"a\",\"b\"]}");
    statuses.forEach((scope, expected) -> {
      String credential = scope.isEmpty() ? token() : token(scope);
      assertThat(
              bodies.stream()
                  .map(body -> server.postAs(credential, "/api/v3/batches", body).status()))
          .as(scope)
          .isEqualTo(expected);
    });
    Reply both =
        server.postAs(
            token("batchTrigger:tasks:a", "batchTrigger:tasks:b"),
            "/api/v3/batches",
            bodies.getLast());
    assertThat(both.status()).isEqualTo(202);
  }

  @Test
  void a_body_that_names_nothing_triggers_nothing_whatever_the_scope() {
    int before = server.runs();
    for (String path : List.of("/api/v1/tasks/batch", "/api/v2/tasks/batch")) {
      for (String scope : List.of("batchTrigger:tasks:a", "batchTrigger:tasks", "read:batch")) {
        for (String body : List.of("", "{}", "null", "{\"items\":[]}")) {
          assertThat(server.postAs(token(scope), path, body).status())
              .as(path + " " + scope + " " + body)
              .isEqualTo(400);
        }
      }
    }
    assertThat(server.runs()).isEqualTo(before);
  }
}

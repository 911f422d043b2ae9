package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The contract of both batch endpoints, over real HTTP. */
class BatchContractTest {
  private static final String ONE_TASK = "/api/v1/tasks/send-email/batch";
  private static final String MANY_TASKS = "/api/v1/tasks/batch";
  @AutoClose private static final TestServer server = TestServer.start();

  private static String items(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> "{\"task\":\"send-email\",\"payload\":{\"to\":\"u" + i + "@example.com\"}}")
        .collect(Collectors.joining(",", "{\"items\":[", "]}"));
  }

  @Test
  void the_documented_request_for_one_task_returns_ids_in_item_order() {
    Reply reply =
        server.post(
            ONE_TASK,
            """
            {"items": [{"payload": {"to": "a@example.com"}, "options": {"tags": ["user:1", "vip"]}},
                       {"payload": {"to": "b@example.com"}}]}
            """);
    assertThat(reply.status()).isEqualTo(200);
    JsonNode json = reply.json();
    assertThat(json.get("batchId").asString()).matches("batch_[0-9a-z]{25}");
    assertThat(json.get("id")).isEqualTo(json.get("batchId"));
    assertThat(json.get("runs")).hasSize(2);
    for (int i = 0; i < 2; i++) {
      String run = json.get("runs").get(i).asString();
      assertThat(run).matches("run_[0-9a-z]{25}");
      JsonNode stored = server.get("/api/v3/runs/" + run).json();
      assertThat(stored.at("/payload/to").asString())
          .isEqualTo(i == 0 ? "a@example.com" : "b@example.com");
      assertThat(stored.get("tags")).hasSize(i == 0 ? 2 : 0);
      assertThat(stored.get("batchId")).isEqualTo(json.get("batchId"));
    }
  }

  @Test
  void the_documented_request_for_many_tasks_returns_ids_to_rest_clients_and_objects_to_the_sdk() {
    String body =
        """
        {"items": [{"task": "send-email", "payload": {"to": "a@example.com"}},
                   {"task": "send-slack", "payload": {"channel": "#g", "message": "hi"}}]}
        """;
    Reply rest = server.post(MANY_TASKS, body);
    assertThat(rest.status()).isEqualTo(200);
    assertThat(rest.json().get("runs").get(1).asString()).startsWith("run_");
    Reply sdk = server.post(MANY_TASKS, body, "trigger-version", "3.3.17");
    assertThat(sdk.status()).isEqualTo(202);
    JsonNode second = sdk.json().get("runs").get(1);
    assertThat(second.get("id").asString()).startsWith("run_");
    assertThat(second.get("taskIdentifier").asString()).isEqualTo("send-slack");
    assertThat(second.get("isCached").asBoolean()).isFalse();
    assertThat(sdk.json().get("isCached").asBoolean()).isFalse();
  }

  @Test
  void a_thousand_items_are_accepted_each_with_a_run_of_its_own_in_order() {
    for (String path : List.of(ONE_TASK, MANY_TASKS)) {
      Reply reply = server.post(path, items(1000));
      assertThat(reply.status()).isEqualTo(200);
      List<String> runs = new ArrayList<>();
      reply.json().get("runs").forEach(run -> runs.add(run.asString()));
      assertThat(runs).hasSize(1000).doesNotHaveDuplicates().isSorted();
      JsonNode batch =
          server.get("/api/v2/batches/" + reply.json().get("batchId").asString()).json();
      assertThat(batch.get("runCount").asInt()).isEqualTo(1000);
      assertThat(batch.get("runs").get(999).asString()).isEqualTo(runs.get(999));
    }
  }

  @Test
  void BAT_09_too_many_items_or_none_are_refused_and_nothing_is_stored() throws IOException {
    try (TestServer fresh = TestServer.start()) {
      Reply tooMany = fresh.post(MANY_TASKS, items(1001));
      assertThat(tooMany.status()).isEqualTo(400);
      assertThat(tooMany.error())
          .isEqualTo("Batch size of 1001 is too large. Maximum allowed batch size is 1000.");
      Reply tooManyOfOne = fresh.post(ONE_TASK, items(1001));
      assertThat(tooManyOfOne.status()).isEqualTo(400);
      assertThat(tooManyOfOne.error())
          .isEqualTo("Too many items. Maximum allowed batch size is 1000.");
      Reply none = fresh.post(MANY_TASKS, "{\"items\":[]}");
      assertThat(none.status()).isEqualTo(400);
      assertThat(none.error()).isEqualTo("Batch cannot be triggered with no items");
      Reply noneOfOne = fresh.post(ONE_TASK, "{\"items\":[]}");
      assertThat(noneOfOne.status()).isEqualTo(400);
      assertThat(noneOfOne.error()).isEqualTo("No items to trigger");
      assertThat(fresh.runs()).isZero();
    }
  }

  @Test
  void one_bad_item_in_a_thousand_is_named_and_nothing_is_stored() throws IOException {
    try (TestServer fresh = TestServer.start()) {
      String body =
          IntStream.range(0, 1000)
              .mapToObj(i ->
                  i == 617
                      ? "{\"payload\":1,\"options\":{\"maxAttempts\":\"many\"}}"
                      : "{\"payload\":1}")
              .collect(Collectors.joining(",", "{\"items\":[", "]}"));
      Reply reply = fresh.post(ONE_TASK, body);
      assertThat(reply.status()).isEqualTo(400);
      assertThat(reply.error()).startsWith("Validation error: items[617].options.maxAttempts");
      assertThat(fresh.runs()).isZero();
    }
  }

  @Test
  void a_missing_key_a_wrong_key_and_a_personal_token_are_a_401() {
    for (String credential :
        List.of("", "tr_dev_000000000000000000000000", "tr_pat_0123456789abcdef", "nonsense")) {
      for (String path : List.of(ONE_TASK, MANY_TASKS, "/api/v1/tasks/echo/trigger")) {
        Reply reply =
            server.send("POST", path, HttpRequest.BodyPublishers.ofString(items(1)), credential);
        assertThat(reply.status()).as(path + " with " + credential).isEqualTo(401);
        assertThat(reply.error()).isNotBlank();
      }
    }
  }

  @Test
  void BAT_06_the_response_contains_a_token_that_reads_this_batch_and_nothing_else() {
    Reply one = server.post(MANY_TASKS, items(2));
    Reply other = server.post(MANY_TASKS, items(1));
    String token = one.header("x-trigger-jwt");
    String batch = one.json().get("batchId").asString();
    JsonNode claims =
        dev.fanfare.protocol.WireJson.mapper()
            .readTree(Base64.getUrlDecoder().decode(token.split("\\.")[1]));
    assertThat(claims.get("scopes").get(0).asString()).isEqualTo("read:batch:" + batch);
    assertThat(claims.get("exp").asLong() - claims.get("iat").asLong()).isEqualTo(3600);
    assertThat(one.header("x-trigger-jwt-claims")).contains("\"pub\":true");
    assertThat(read("/api/v2/batches/" + batch, token)).isEqualTo(200);
    assertThat(read("/api/v3/runs/" + one.json().get("runs").get(0).asString(), token))
        .isEqualTo(200);
    assertThat(read("/api/v2/batches/" + other.json().get("batchId").asString(), token))
        .isEqualTo(403);
    assertThat(read("/api/v3/runs/" + other.json().get("runs").get(0).asString(), token))
        .isEqualTo(403);
    assertThat(read("/api/v1/runs", token)).isEqualTo(403);
    Reply trigger =
        server.send("POST", MANY_TASKS, HttpRequest.BodyPublishers.ofString(items(1)), token);
    assertThat(trigger.status()).isEqualTo(403);
    String forged = token.substring(0, token.length() - 4) + "AAAA";
    assertThat(read("/api/v2/batches/" + batch, forged)).isEqualTo(401);
  }

  private static int read(String path, String credential) {
    return server.send("GET", path, HttpRequest.BodyPublishers.noBody(), credential).status();
  }

  @Test
  void BAT_07_the_same_request_key_returns_the_same_batch_and_creates_no_run() {
    String header = "x-trigger-request-idempotency-key";
    Reply first = server.post(MANY_TASKS, items(3), header, "request-1");
    Reply again = server.post(MANY_TASKS, items(3), header, "request-1");
    assertThat(again.json().get("batchId")).isEqualTo(first.json().get("batchId"));
    assertThat(again.json().get("runs")).isEqualTo(first.json().get("runs"));
    assertThat(again.json().get("isCached").asBoolean()).isFalse();
    // BAT-08: the same header with other tasks is another request
    Reply other = server.post("/api/v1/tasks/echo/batch", items(3), header, "request-1");
    assertThat(other.json().get("batchId")).isNotEqualTo(first.json().get("batchId"));
  }

  @Test
  void a_repeated_batch_key_returns_the_first_batch_with_all_items_cached() {
    Reply first = server.post(MANY_TASKS, items(3), "idempotency-key", "batch-key-1");
    Reply again =
        server.post(
            MANY_TASKS, items(3), "idempotency-key", "batch-key-1", "trigger-version", "3.3.17");
    assertThat(again.json().get("batchId")).isEqualTo(first.json().get("batchId"));
    assertThat(again.json().get("isCached").asBoolean()).isTrue();
    again.json().get("runs").forEach(run -> assertThat(run.get("isCached").asBoolean()).isTrue());
  }

  @Test
  void two_items_with_the_same_key_create_one_run() {
    Reply reply =
        server.post(
            ONE_TASK,
            """
            {"items": [{"options": {"idempotencyKey": "twin"}}, {"options": {"idempotencyKey": "twin"}}]}
            """);
    JsonNode items = reply.json().get("items");
    assertThat(items.get(0).get("id")).isEqualTo(items.get(1).get("id"));
    assertThat(items.get(0).get("isCached").asBoolean()).isFalse();
    assertThat(items.get(1).get("isCached").asBoolean()).isTrue();
  }

  @Test
  void IDM_07_a_key_over_2048_characters_is_refused() {
    String body = "{\"options\":{\"idempotencyKey\":\"" + "k".repeat(2049) + "\"}}";
    assertThat(server.post("/api/v1/tasks/echo/trigger", body).status()).isEqualTo(400);
    String fits = "{\"options\":{\"idempotencyKey\":\"" + "k".repeat(2048) + "\"}}";
    assertThat(server.post("/api/v1/tasks/echo/trigger", fits).status()).isEqualTo(200);
  }

  @Test
  void DEL_07_a_delay_that_is_neither_duration_nor_time_is_a_422() {
    Reply reply = server.post("/api/v1/tasks/echo/trigger", "{\"options\":{\"delay\":\"soon\"}}");
    assertThat(reply.status()).isEqualTo(422);
    assertThat(reply.error()).contains("delay").contains("soon");
  }

  @Test
  void fifty_equal_triggers_at_once_create_one_run_and_no_5xx() throws Exception {
    String body = "{\"payload\":1,\"options\":{\"idempotencyKey\":\"fifty\"}}";
    Callable<Reply> trigger = () -> server.post("/api/v1/tasks/echo/trigger", body);
    try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      Set<String> ids = new HashSet<>();
      int made = 0;
      for (Future<Reply> reply : many.invokeAll(java.util.Collections.nCopies(50, trigger))) {
        assertThat(reply.get().status()).isEqualTo(200);
        ids.add(reply.get().json().get("id").asString());
        made += reply.get().json().get("isCached").asBoolean() ? 0 : 1;
      }
      assertThat(ids).hasSize(1);
      assertThat(made).isEqualTo(1);
    }
  }
}

package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Requests that are sent again, and requests that share a key and are not the same. */
class RepeatedRequestsTest {
  private static final String REQUEST_KEY = "x-trigger-request-idempotency-key";
  private static final String BATCH_KEY = "idempotency-key";
  private static final String V1 = "/api/v1/tasks/batch";
  private static final String V1_OF_TASK = "/api/v1/tasks/echo/batch";
  private static final String V2 = "/api/v2/tasks/batch";
  @AutoClose private static final TestServer server = TestServer.start();

  private static String items(String... items) {
    return "{\"items\":[" + String.join(",", items) + "]}";
  }

  private static String echo(String options) {
    return "{\"task\":\"echo\",\"payload\":1,\"options\":{" + options + "}}";
  }

  private static String announcement(int count, String key) {
    return "{\"runCount\":%d,\"idempotencyKey\":\"%s\"}".formatted(count, key);
  }

  private static Reply stream(String batch, int count) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lines.add("{\"index\":%d,\"task\":\"echo\"}".formatted(i));
    }
    return server.post(
        "/api/v3/batches/" + batch + "/items",
        String.join("\n", lines),
        "Content-Type",
        "application/x-ndjson");
  }

  private static JsonNode without(JsonNode response, String... names) {
    ((tools.jackson.databind.node.ObjectNode) response).remove(List.of(names));
    return response;
  }

  @Test
  void a_repeated_batch_gets_the_response_of_the_first_whatever_answered_its_items() {
    server.post("/api/v1/tasks/echo/trigger", "{\"options\":{\"idempotencyKey\":\"older\"}}");
    String waiting = "\"debounce\":{\"key\":\"%s\",\"delay\":\"1h\"}";
    server.post("/api/v1/tasks/echo/trigger", "{\"options\":{" + waiting.formatted("waits") + "}}");
    String body =
        items(
            echo(""),
            echo("\"idempotencyKey\":\"own\""),
            echo("\"idempotencyKey\":\"own\""),
            echo("\"idempotencyKey\":\"older\""),
            echo(waiting.formatted("waits")),
            echo(waiting.formatted("waits") + ",\"idempotencyKey\":\"coalesced\""),
            echo(waiting.formatted("new")),
            echo(waiting.formatted("new") + ",\"idempotencyKey\":\"coalesced too\""));
    Reply first = server.post(V1, body, REQUEST_KEY, "r1", "trigger-version", "3.3.17");
    assertThat(first.json().at("/items").valueStream().map(i -> i.get("isCached").asBoolean()))
        .containsExactly(false, false, true, true, false, false, false, false);
    assertThat(first.json().at("/items/5/idempotencyKey").asString()).isEqualTo("coalesced");
    server.post("/api/v1/idempotencyKeys/own/reset", "{\"taskIdentifier\":\"echo\"}");
    for (int i = 0; i < 2; i++) {
      Reply again = server.post(V1, body, REQUEST_KEY, "r1", "trigger-version", "3.3.17");
      assertThat(again.status()).isEqualTo(first.status());
      assertThat(again.json()).isEqualTo(first.json());
    }
  }

  @Test
  void a_repeated_request_that_found_its_batch_key_taken_is_cached_again() {
    String body = items(echo(""), echo("\"idempotencyKey\":\"own key\""));
    Reply created = server.post(V1, body, BATCH_KEY, "k1", REQUEST_KEY, "k1-a");
    Reply cached = server.post(V1, body, BATCH_KEY, "k1", REQUEST_KEY, "k1-b");
    assertThat(cached.json().get("isCached").asBoolean()).isTrue();
    assertThat(server.post(V1, body, BATCH_KEY, "k1", REQUEST_KEY, "k1-a").json())
        .isEqualTo(created.json());
    assertThat(server.post(V1, body, BATCH_KEY, "k1", REQUEST_KEY, "k1-b").json())
        .isEqualTo(cached.json());
  }

  @Test
  void a_repeated_trigger_gets_the_response_of_the_first() {
    String body = "{\"options\":{\"idempotencyKey\":\"single\"}}";
    for (String requestKey : List.of("s-creates", "s-finds")) {
      Reply first = server.post("/api/v1/tasks/echo/trigger", body, REQUEST_KEY, requestKey);
      assertThat(first.json().get("isCached").asBoolean()).isEqualTo(requestKey.equals("s-finds"));
      assertThat(server.post("/api/v1/tasks/echo/trigger", body, REQUEST_KEY, requestKey).json())
          .isEqualTo(first.json());
    }
  }

  @Test
  void version_2_ignores_the_header_of_the_batch_key_and_version_1_reads_it() {
    Set<String> ids = new LinkedHashSet<>();
    for (int i = 0; i < 2; i++) {
      Reply reply = server.post(V2, items(echo("")), BATCH_KEY, "v2", "idempotency-key-ttl", "1h");
      assertThat(reply.status()).isEqualTo(202);
      assertThat(reply.json().get("isCached").asBoolean()).isFalse();
      ids.add(reply.json().get("id").asString());
    }
    assertThat(server.post(V2, items(echo("")), BATCH_KEY, "x".repeat(3_000)).status())
        .isEqualTo(202);
    ids.add(server.post(V1, items(echo("")), BATCH_KEY, "v2").json().get("id").asString());
    for (int i = 0; i < 2; i++) {
      Reply announced = server.post("/api/v3/batches", "{\"runCount\":1}", BATCH_KEY, "v2");
      assertThat(announced.status()).isEqualTo(202);
      ids.add(announced.json().get("id").asString());
    }
    assertThat(ids).hasSize(5);
    Reply again = server.post(V1_OF_TASK, items("{}"), BATCH_KEY, "v2");
    assertThat(again.json().get("isCached").asBoolean()).isTrue();
    assertThat(ids).contains(again.json().get("id").asString());
  }

  @Test
  void the_key_of_an_announced_batch_is_refused_for_a_batch_in_one_request() {
    Reply announced = server.post("/api/v3/batches", announcement(2, "announced"));
    String id = announced.json().get("id").asString();
    int before = server.runs();
    for (int i = 0; i < 2; i++) {
      for (String path : List.of(V1, V1_OF_TASK)) {
        Reply refused = server.post(path, items(echo("")), BATCH_KEY, "announced");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.error())
            .isEqualTo(
                "Cannot batch trigger as it has already been triggered with the same idempotency"
                    + " key.");
      }
      if (i == 0) {
        assertThat(server.runs()).isEqualTo(before);
        assertThat(stream(id, 2).json().get("sealed").asBoolean()).isTrue();
      }
    }
    assertThat(server.get("/api/v2/batches/" + id).json().get("runs")).hasSize(2);
  }

  @Test
  void the_key_of_a_batch_in_one_request_is_refused_for_an_announced_batch() {
    String id = server.post(V1, items(echo("")), BATCH_KEY, "whole").json().get("id").asString();
    Reply refused = server.post("/api/v3/batches", announcement(2, "whole"));
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.error())
        .isEqualTo(
            "Cannot create batch as it has already been created with the same idempotency key.");
    assertThat(server.post(V1, items(echo("")), BATCH_KEY, "whole").json().get("id").asString())
        .isEqualTo(id);
  }

  @Test
  void a_batch_in_which_no_item_could_become_a_run_frees_its_key() {
    String id =
        server.post("/api/v3/batches", announcement(1, "hopeless")).json().get("id").asString();
    Reply sealed =
        server.post(
            "/api/v3/batches/" + id + "/items",
            "{\"index\":0,\"task\":\"echo\",\"options\":{\"lockToVersion\":\"none\"}}",
            "Content-Type",
            "application/x-ndjson");
    assertThat(sealed.json().get("sealed").asBoolean()).isTrue();
    assertThat(server.get("/api/v2/batches/" + id).json().get("status").asString())
        .isEqualTo("ABORTED");
    Reply again = server.post("/api/v3/batches", announcement(1, "hopeless"));
    assertThat(again.status()).isEqualTo(202);
    assertThat(again.json().get("id").asString()).isNotEqualTo(id);
  }

  @Test
  void request_keys_with_other_tasks_are_other_requests_whatever_the_names() {
    List<String> bodies =
        List.of(
            "{\"items\":[{\"task\":\"a\\nb\"}]}",
            "{\"items\":[{\"task\":\"a\"},{\"task\":\"b\"}]}",
            "{\"items\":[{\"task\":\"a\"}]}",
            "{\"items\":[{\"task\":\"1:a1:b\"}]}",
            "{\"items\":[{\"task\":\"a,b\"}]}");
    Set<String> ids = new LinkedHashSet<>();
    bodies.forEach(
        body -> ids.add(server.post(V2, body, REQUEST_KEY, "same").json().get("id").asString()));
    for (String body :
        List.of(
            "{\"runCount\":5,\"taskIdentifiers\":[\"a\"]}",
            "{\"runCount\":1,\"taskIdentifiers\":[\"5\",\"a\"]}",
            "{\"runCount\":1,\"taskIdentifiers\":[\"a\",\"5\"]}",
            "{\"runCount\":5,\"taskIdentifiers\":[\"1\",\"a\"]}")) {
      ids.add(
          server.post("/api/v3/batches", body, REQUEST_KEY, "same").json().get("id").asString());
    }
    assertThat(ids).as("the order of tasks does not matter").hasSize(bodies.size() + 3);
  }
}

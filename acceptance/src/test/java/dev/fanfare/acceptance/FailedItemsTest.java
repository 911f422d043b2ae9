package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.ITEM_BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Items of streamed batches that become failed runs, and what a replay of them does. */
class FailedItemsTest {
  private static final int ITEM_BYTES = 2_048;

  @AutoClose
  private static final TestServer server =
      TestServer.start(settings -> settings.with(ITEM_BYTES_MAX, ITEM_BYTES));

  private static String announce(int count) {
    return server
        .post("/api/v3/batches", "{\"runCount\":" + count + "}")
        .json()
        .get("id")
        .asString();
  }

  private static Reply stream(String batch, String... lines) {
    return server.post(
        "/api/v3/batches/" + batch + "/items",
        String.join("\n", lines),
        "Content-Type",
        "application/x-ndjson");
  }

  private static JsonNode run(String id) {
    return server.get("/api/v3/runs/" + id).json();
  }

  private static String run(String batch, int index) {
    return server.get("/api/v2/batches/" + batch).json().at("/runs/" + index).asString();
  }

  private static String locked(int index) {
    return """
    {"index":%d,"task":"echo","payload":{"n":9007199254740993},"options":{"lockToVersion":"none",\
    "tags":["a","b"],"metadata":{"m":1},"queue":{"name":"slow"},"concurrencyKey":"k",\
    "idempotencyKey":"key %d","delay":"1h","debounce":{"key":"d","delay":"1h"},"test":true,\
    "maxDuration":60,"machine":"small-1x"}}\
    """
        .formatted(index, index);
  }

  @Test
  void an_item_that_cannot_be_locked_keeps_its_data_and_its_replay_repeats_it() {
    String whole = announce(2);
    stream(whole, locked(0), "{\"index\":1,\"task\":\"echo\"}");
    String parts = announce(2);
    stream(parts, locked(0));
    stream(parts, "{\"index\":1,\"task\":\"echo\"}");
    for (String batch : List.of(whole, parts)) {
      String id = run(batch, 0);
      JsonNode failed = run(id);
      assertThat(failed.get("status").asString()).isEqualTo("SYSTEM_FAILURE");
      assertThat(failed.get("batchId").asString()).isEqualTo(batch);
      Reply replay = server.post("/api/v1/runs/" + id + "/replay", "");
      assertThat(replay.status()).as(replay.text()).isEqualTo(200);
      JsonNode replayed = run(replay.json().get("id").asString());
      assertThat(replayed.get("status").asString()).isEqualTo("QUEUED");
      for (JsonNode shown : List.of(failed, replayed)) {
        assertThat(shown.get("payload").get("n").asString()).isEqualTo("9007199254740993");
        assertThat(shown.get("tags").toString()).isEqualTo("[\"a\",\"b\"]");
        assertThat(shown.get("metadata").toString()).isEqualTo("{\"m\":1}");
        assertThat(shown.get("isTest").asBoolean()).isTrue();
        assertThat(shown.has("delayedUntil")).isFalse();
      }
      JsonNode queued = server.get("/api/v1/runs?filter%5Bqueue%5D=slow").json().get("data");
      assertThat(queued.valueStream().map(run -> run.get("id").asString()))
          .contains(id, replayed.get("id").asString());
      assertThat(server.get("/api/v2/batches/" + batch).json().get("status").asString())
          .isEqualTo("PARTIAL_FAILED");
    }
    // The failed runs hold no key: a trigger with it creates a run.
    Reply next =
        server.post("/api/v1/tasks/echo/trigger", "{\"options\":{\"idempotencyKey\":\"key 0\"}}");
    assertThat(next.json().get("isCached").asBoolean()).isFalse();
  }

  @Test
  void a_replay_of_an_item_that_was_too_long_to_be_kept_needs_a_payload() {
    String batch = announce(1);
    stream(batch, "{\"index\":0,\"task\":\"echo\",\"payload\":\"" + "x".repeat(9_000) + "\"}");
    String path = "/api/v1/runs/" + run(batch, 0) + "/replay";
    for (String body : List.of("", "{}", "{\"tags\":[\"a\"]}", "{\"payload\":null}")) {
      Reply refused = server.post(path, body);
      assertThat(refused.status()).as(body).isEqualTo(422);
      assertThat(refused.error())
          .isEqualTo("The payload of the run was too long to be kept. Replay it with a payload");
    }
    Reply replay = server.post(path, "{\"payload\":{\"short\":true}}");
    assertThat(replay.status()).as(replay.text()).isEqualTo(200);
    JsonNode replayed = run(replay.json().get("id").asString());
    assertThat(replayed.at("/payload/short").asBoolean()).isTrue();
  }

  @Test
  void a_replay_of_a_run_whose_packet_does_not_exist_is_refused() {
    String body =
        "{\"payload\":\"never/uploaded\",\"options\":{\"payloadType\":\"application/store\"}}";
    String id = server.post("/api/v1/tasks/echo/trigger", body).json().get("id").asString();
    Reply refused = server.post("/api/v1/runs/" + id + "/replay", "");
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.error()).contains("never/uploaded");
    Reply replay = server.post("/api/v1/runs/" + id + "/replay", "{\"payload\":1}");
    assertThat(replay.status()).as(replay.text()).isEqualTo(200);
  }

  /** A line of 3,000 bytes that begins with {@code head}. */
  private static String tooLong(String head) {
    return head + ",\"payload\":\"" + "x".repeat(3_000) + "\"}";
  }

  @Test
  void the_index_of_a_line_that_is_too_long_is_checked_as_that_of_any_line() {
    Map<String, String> errors = new LinkedHashMap<>();
    errors.put("2", "Item index 2 exceeds batch runCount 2");
    errors.put("5000", "Item index 5000 exceeds batch runCount 2");
    errors.put("999999999", "Item index 999999999 exceeds batch runCount 2");
    errors.put("1000000000", "index: must be from 0 to 999999999");
    errors.put("2147483648", "index: must be from 0 to 999999999");
    errors.put("9223372036854775808", "index: must be from 0 to 999999999");
    errors.put("1" + "0".repeat(300), "index: must be from 0 to 999999999");
    errors.put("-1", "index: must be from 0 to 999999999");
    errors.put("0.5", "index: must be an integer");
    errors.put("1e0", "index: must be an integer");
    errors.put("\"0\"", "index: must be an integer");
    errors.put("null", "index: must be an integer");
    errors.put("[0]", "index: must be an integer");
    errors.forEach((index, error) -> {
      String head = "{\"index\":" + index + ",\"task\":\"echo\"";
      for (String line : List.of(tooLong(head), head + "}")) {
        String batch = announce(2);
        Reply refused = stream(batch, line);
        assertThat(refused.status()).as(index + ": " + refused.text()).isEqualTo(422);
        assertThat(refused.error()).contains(error);
        assertThat(stream(batch, "\n").json().get("enqueuedCount").asInt()).isZero();
      }
    });
  }

  @Test
  void the_index_of_a_line_that_is_too_long_is_read_from_its_head() {
    Map<String, Integer> indexes = new LinkedHashMap<>(); // of the second line of a stream
    indexes.put("{\"index\":2,\"task\":\"echo\"", 2);
    indexes.put("{\"index\":0,\"index\":2,\"task\":\"echo\"", 2);
    indexes.put("{\"task\":\"echo\"", 1); // by its position
    indexes.put("{\"note\":\"" + "x".repeat(600) + "\",\"index\":2,\"task\":\"echo\"", 1);
    // The head ends after the first digit of 23, and is not taken for 2.
    String before = "{\"task\":\"echo\",\"note\":\"";
    String between = "\",\"index\":";
    indexes.put(before + "x".repeat(511 - before.length() - between.length()) + between + "23", 1);
    indexes.put(before + "x".repeat(511 - before.length() - between.length()) + between + "2", 2);
    indexes.forEach((head, index) -> {
      String batch = announce(24);
      Reply reply = stream(batch, "{\"index\":0,\"task\":\"echo\"}", tooLong(head));
      assertThat(reply.status()).as(reply.text()).isEqualTo(200);
      StringBuilder others = new StringBuilder();
      for (int i = 1; i < 24; i++) {
        if (i != index) {
          others.append("{\"index\":%d,\"task\":\"echo\"}\n".formatted(i));
        }
      }
      Reply rest = stream(batch, others.toString());
      assertThat(rest.json().get("sealed").asBoolean()).as(head).isTrue();
      JsonNode errors = server.get("/api/v2/batches/" + batch).json().at("/processing/errors");
      assertThat(errors).hasSize(1);
      assertThat(errors.get(0).get("index").asInt()).isEqualTo(index);
      assertThat(errors.get(0).get("errorCode").asString()).isEqualTo("PAYLOAD_TOO_LARGE");
    });
  }
}

package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Requests that change a stored run, over real HTTP. */
class RunControlTest {
  private static final String NOBODY = "run_" + "1".repeat(25);
  @AutoClose private static final TestServer server = TestServer.start();

  private static String trigger(String body) {
    Reply reply = server.post("/api/v1/tasks/controlled/trigger", body);
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    return reply.json().get("id").asString();
  }

  private static JsonNode run(String id) {
    return server.get("/api/v3/runs/" + id, "x-trigger-api-version", "2025-07-16").json();
  }

  private static Reply control(String id, String what, String body) {
    return server.post("/api/v1/runs/" + id + "/" + what, body);
  }

  private static Reply putMetadata(String id, String body) {
    return server.send(
        "PUT", "/api/v1/runs/" + id + "/metadata", BodyPublishers.ofString(body), server.key);
  }

  @Test
  void CAN_01_a_queued_run_is_canceled_and_canceling_it_again_changes_nothing() {
    String id = trigger("{}");
    for (int i = 0; i < 2; i++) {
      Reply reply = server.post("/api/v2/runs/" + id + "/cancel", "");
      assertThat(reply.status()).isEqualTo(200);
      assertThat(reply.json().get("id").asString()).isEqualTo(id);
    }
    assertThat(run(id).get("status").asString()).isEqualTo("CANCELED");
    assertThat(run(id).at("/error/message").asString()).isEqualTo("Canceled by user");
    Reply none = server.post("/api/v2/runs/" + NOBODY + "/cancel", "");
    assertThat(none.status()).isEqualTo(404);
    assertThat(none.error()).isEqualTo("Resource not found");
  }

  @Test
  void a_replay_is_a_new_run_of_the_same_task_with_the_given_overrides() {
    String id =
        trigger(
            """
            {"payload": {"big": 12345678901234567890.5}, "options": {"tags": ["t"],
             "idempotencyKey": "once", "queue": {"name": "q"}, "metadata": {"m": 1}, "delay": "1h",
             "test": true, "machine": "large-1x"}}
            """);
    Reply plain = control(id, "replay", "");
    assertThat(plain.status()).as(plain.text()).isEqualTo(200);
    JsonNode again = run(plain.json().get("id").asString());
    assertThat(again.get("id").asString()).isNotEqualTo(id);
    assertThat(again.get("payload").toString()).isEqualTo(run(id).get("payload").toString());
    assertThat(again.get("tags").toString()).isEqualTo("[\"t\"]");
    assertThat(again.get("metadata").toString()).isEqualTo("{\"m\":1}");
    assertThat(again.get("isTest").asBoolean()).isTrue();
    assertThat(again.has("idempotencyKey")).isFalse();
    assertThat(again.has("delayedUntil")).isFalse();

    Reply changed =
        control(id, "replay", "{\"payload\":{\"n\":2},\"tags\":[\"new\"],\"delay\":\"2h\"}");
    JsonNode other = run(changed.json().get("id").asString());
    assertThat(other.get("payload").toString()).isEqualTo("{\"n\":2}");
    assertThat(other.get("tags").toString()).isEqualTo("[\"new\"]");
    assertThat(other.get("status").asString()).isEqualTo("DELAYED");

    assertThat(control(id, "replay", "{\"nonsense\":1}").status()).isEqualTo(400);
    Reply none = control(NOBODY, "replay", "");
    assertThat(none.status()).isEqualTo(404);
    assertThat(none.error()).isEqualTo("Run not found");
  }

  @Test
  void DEL_05_only_a_delayed_run_can_be_rescheduled() {
    String id = trigger("{\"options\":{\"delay\":\"1h\"}}");
    Reply moved = control(id, "reschedule", "{\"delay\":\"2031-01-01T00:00:00.000Z\"}");
    assertThat(moved.status()).as(moved.text()).isEqualTo(200);
    assertThat(moved.json().get("id").asString()).isEqualTo(id);
    assertThat(moved.json().get("delayedUntil").asString()).startsWith("2031-01-01T00:00:00");
    assertThat(run(id).get("status").asString()).isEqualTo("DELAYED");

    Reply nonsense = control(id, "reschedule", "{\"delay\":\"soon\"}");
    assertThat(nonsense.status()).isEqualTo(400);
    assertThat(nonsense.error()).isEqualTo("Invalid delay: soon");
    assertThat(control(id, "reschedule", "{}").error()).isEqualTo("Invalid request body");

    Reply queued = control(trigger("{}"), "reschedule", "{\"delay\":\"1h\"}");
    assertThat(queued.status()).isEqualTo(400);
    assertThat(queued.error()).isEqualTo("Cannot reschedule a run that is not delayed");
    assertThat(control(NOBODY, "reschedule", "{\"delay\":\"1h\"}").status()).isEqualTo(404);
  }

  @Test
  void tags_are_added_once_and_all_or_nothing() {
    String id = trigger("{\"options\":{\"tags\":[\"b\"]}}");
    assertThat(control(id, "tags", "{\"tags\":[\"a\",\"b\",\"a\"]}").json().get("message"))
        .hasToString("\"Successfully set 1 new tags.\"");
    assertThat(control(id, "tags", "{\"tags\":\"a\"}").json().get("message"))
        .hasToString("\"No new tags to add\"");
    assertThat(run(id).get("tags").toString()).isEqualTo("[\"a\",\"b\"]");
    assertThat(server.get("/api/v1/runs?filter%5Btag%5D=a").text()).contains(id);

    Reply many = control(id, "tags", "{\"tags\":[1,2,3]}".replaceAll("(\\d)", "\"$1\""));
    assertThat(many.status()).isEqualTo(200);
    Reply over = control(id, "tags", "{\"tags\":[\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"]}");
    assertThat(over.status()).isEqualTo(422);
    assertThat(over.error())
        .isEqualTo(
            "Runs can only have 10 tags, you're trying to set 11. These tags have not been set:"
                + " 'c', 'd', 'e', 'f', 'g', 'h'.");
    assertThat(run(id).get("tags")).hasSize(5);
    Reply wrong = control(id, "tags", "{\"tags\":7}");
    assertThat(wrong.status()).isEqualTo(400);
    assertThat(wrong.error()).isEqualTo("Invalid request body");
    assertThat(control(NOBODY, "tags", "{\"tags\":\"a\"}").error()).isEqualTo("Run not found");
  }

  @Test
  void metadata_is_replaced_and_changed_key_by_key() {
    String id = trigger("{\"options\":{\"metadata\":{\"n\":1,\"list\":[\"x\"],\"gone\":true}}}");
    Reply reply =
        putMetadata(
            id,
            """
            {"operations": [
              {"type": "increment", "key": "n", "value": 4},
              {"type": "increment", "key": "n", "value": -2},
              {"type": "append", "key": "list", "value": {"y": 1}},
              {"type": "remove", "key": "list", "value": "x"},
              {"type": "delete", "key": "gone"},
              {"type": "set", "key": "$.deep.steps[1].name", "value": "second"}],
             "parentOperations": [{"type": "set", "key": "up", "value": null}]}
            """);
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    String expected =
        "{\"n\":3,\"list\":[{\"y\":1}],"
            + "\"deep\":{\"steps\":[null,{\"name\":\"second\"}]},\"up\":null}";
    assertThat(reply.json().get("metadata").toString()).isEqualTo(expected);
    Reply read = server.get("/api/v1/runs/" + id + "/metadata");
    assertThat(read.json().get("metadata").toString()).isEqualTo(expected);

    assertThat(putMetadata(id, "{\"metadata\":{\"all\":\"new\"}}").text())
        .isEqualTo("{\"metadata\":{\"all\":\"new\"}}");
    String whole = "{\"operations\":[{\"type\":\"update\",\"value\":{\"b\":2}}]}";
    assertThat(putMetadata(id, whole).text()).isEqualTo("{\"metadata\":{\"b\":2}}");
    assertThat(server.get("/api/v1/runs/" + trigger("{}") + "/metadata").json().get("metadata"))
        .hasToString("{}");
  }

  @Test
  void invalid_metadata_is_rejected_and_nothing_is_changed() {
    String id = trigger("{\"options\":{\"metadata\":{\"kept\":1}}}");
    List<String> wrong =
        List.of(
            "[]",
            "{\"metadata\":[]}",
            "{\"operations\":{}}",
            "{\"operations\":[{\"type\":\"explode\",\"key\":\"a\"}]}",
            "{\"operations\":[{\"type\":\"set\",\"key\":\"__proto__\",\"value\":1}]}",
            "{\"operations\":[{\"type\":\"set\",\"key\":\"$.a.constructor\",\"value\":1}]}",
            "{\"operations\":[{\"type\":\"set\",\"key\":\"$.a[\",\"value\":1}]}",
            "{\"operations\":[{\"type\":\"increment\",\"key\":\"a\",\"value\":\"1\"}]}",
            "{\"operations\":[{\"type\":\"update\",\"key\":\"a\",\"value\":1}]}");
    for (String body : wrong) {
      assertThat(putMetadata(id, body).status()).as(body).isEqualTo(400);
    }
    String steps = "a.".repeat(100_000);
    Reply path = putMetadata(id, set("$." + steps + "a", "1"));
    assertThat(path.status()).isEqualTo(400);
    assertThat(path.error()).hasSizeLessThan(200);
    Reply big = putMetadata(id, "{\"metadata\":{\"big\":\"" + "x".repeat(262_144) + "\"}}");
    assertThat(big.status()).isEqualTo(413);
    assertThat(big.error()).isEqualTo("Metadata exceeds maximum size of 262144 bytes");
    assertThat(run(id).get("metadata").toString()).isEqualTo("{\"kept\":1}");
    assertThat(putMetadata(NOBODY, "{}").error()).isEqualTo("Task Run not found");
  }

  private static String set(String key, String value) {
    return "{\"operations\":[{\"type\":\"set\",\"key\":\"%s\",\"value\":%s}]}"
        .formatted(key, value);
  }

  @Test
  void metadata_that_could_not_be_read_back_is_rejected_and_can_be_replaced() {
    String id = trigger("{\"options\":{\"metadata\":{\"kept\":1}}}");
    String deep = "[".repeat(450) + "]".repeat(450);
    String path = "$." + "a.".repeat(80) + "a";
    assertThat(putMetadata(id, set(path, deep)).status()).isEqualTo(422);
    assertThat(run(id).get("metadata").toString()).isEqualTo("{\"kept\":1}");

    String number = "7".repeat(2_000);
    String odd = trigger("{\"options\":{\"metadata\":{\"n\":" + number + "}}}");
    assertThat(putMetadata(odd, set("a", "1")).status()).isEqualTo(422);
    assertThat(putMetadata(odd, "{\"metadata\":{\"a\":1}}").text())
        .isEqualTo("{\"metadata\":{\"a\":1}}");
  }

  @Test
  void no_concurrent_change_to_metadata_is_lost() throws Exception {
    String id = trigger("{}");
    try (ExecutorService clients = Executors.newFixedThreadPool(8)) {
      List<Callable<Reply>> calls = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        calls.add(() ->
            putMetadata(
                id, "{\"operations\":[{\"type\":\"increment\",\"key\":\"n\",\"value\":1}]}"));
      }
      for (Future<Reply> reply : clients.invokeAll(calls)) {
        assertThat(reply.get().status()).isEqualTo(200);
      }
    }
    assertThat(run(id).at("/metadata/n").asInt()).isEqualTo(40);
  }

  @Test
  void IDM_05_a_key_that_was_reset_creates_a_new_run() {
    String body = "{\"options\":{\"idempotencyKey\":\"daily\"}}";
    String first = trigger(body);
    assertThat(trigger(body)).isEqualTo(first);
    String reset = "/api/v1/idempotencyKeys/daily/reset";
    Reply reply = server.post(reset, "{\"taskIdentifier\":\"controlled\"}");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.json().get("id").asString()).isEqualTo("daily");
    assertThat(trigger(body)).isNotEqualTo(first);
    assertThat(run(first).has("idempotencyKey")).isFalse();
    Reply none = server.post(reset, "{\"taskIdentifier\":\"another\"}");
    assertThat(none.status()).isEqualTo(404);
    assertThat(none.error())
        .isEqualTo("No runs found with idempotency key: daily and task: another");
    assertThat(server.post(reset, "{}").status()).isEqualTo(400);
  }
}

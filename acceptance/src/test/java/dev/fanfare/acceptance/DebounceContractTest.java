package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The option {@code debounce} in every way of triggering, over real HTTP. */
class DebounceContractTest {
  @AutoClose private static final TestServer server = TestServer.start();

  private static String options(String key, String more) {
    return "\"options\":{\"debounce\":{\"key\":\"" + key + "\",\"delay\":\"1h\"" + more + "}}";
  }

  private static String item(String key, int payload) {
    return "\"task\":\"echo\",\"payload\":" + payload + "," + options(key, "");
  }

  private static Reply trigger(String body) {
    return server.post("/api/v1/tasks/echo/trigger", body);
  }

  private static String triggered(String body) {
    Reply reply = trigger(body);
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.json().get("isCached").asBoolean()).isFalse();
    return reply.json().get("id").asString();
  }

  private static JsonNode run(String id) {
    return server.get("/api/v3/runs/" + id).json();
  }

  private static JsonNode batch(String id) {
    return server.get("/api/v2/batches/" + id).json();
  }

  private static List<String> texts(JsonNode array) {
    return array.valueStream().map(JsonNode::asString).toList();
  }

  @Test
  void DEB_02_a_second_trigger_returns_the_run_of_the_first() {
    String first = triggered("{\"payload\":1," + options("single", "") + "}");
    assertThat(run(first).get("status").asString()).isEqualTo("DELAYED");
    Instant due = Instant.parse(run(first).get("delayedUntil").asString());
    assertThat(Duration.between(Instant.now(), due)).isGreaterThan(Duration.ofMinutes(55));

    assertThat(triggered("{\"payload\":2," + options("single", "") + "}")).isEqualTo(first);
    assertThat(run(first).get("payload").asInt()).isEqualTo(1);
    assertThat(Instant.parse(run(first).get("delayedUntil").asString())).isAfterOrEqualTo(due);

    String trailing = options("single", ",\"mode\":\"trailing\"");
    assertThat(triggered("{\"payload\":3," + trailing + "}")).isEqualTo(first);
    assertThat(run(first).get("payload").asInt()).isEqualTo(3);
  }

  @Test
  void DEB_05_after_a_cancel_the_key_creates_a_new_run() {
    String first = triggered("{" + options("canceled", "") + "}");
    assertThat(server.post("/api/v2/runs/" + first + "/cancel", "").status()).isEqualTo(200);
    assertThat(triggered("{" + options("canceled", "") + "}")).isNotEqualTo(first);
  }

  @Test
  void version_1_batches_show_the_debounced_run_and_count_the_runs_they_created() {
    String items = "{\"items\":[{" + item("v1", 1) + "},{" + item("v1", 2) + "}]}";
    JsonNode first = server.post("/api/v1/tasks/batch", items).json();
    List<String> runs = texts(first.get("runs"));
    assertThat(runs).hasSize(2).containsOnly(runs.getFirst());
    assertThat(batch(first.get("id").asString()).get("status").asString()).isEqualTo("PENDING");

    JsonNode second = server.post("/api/v1/tasks/echo/batch", items).json();
    assertThat(texts(second.get("runs"))).isEqualTo(runs);
    JsonNode stored = batch(second.get("id").asString());
    assertThat(stored.get("status").asString()).isEqualTo("COMPLETED");
    assertThat(stored.get("runCount").asInt()).isEqualTo(2);
    assertThat(texts(stored.get("runs"))).isEqualTo(runs);
    assertThat(second.get("items").valueStream().map(i -> i.get("isCached").asBoolean()))
        .containsOnly(false);
  }

  @Test
  void version_2_batches_do_too() {
    String items = "{\"items\":[{" + item("v2", 1) + "}]}";
    String first = server.post("/api/v2/tasks/batch", items).json().get("id").asString();
    String second = server.post("/api/v2/tasks/batch", items).json().get("id").asString();
    assertThat(texts(batch(second).get("runs"))).isEqualTo(texts(batch(first).get("runs")));
    assertThat(batch(second).get("status").asString()).isEqualTo("COMPLETED");
  }

  @Test
  void streamed_batches_do_too_in_one_stream_or_two() {
    String run = triggered("{" + options("v3", "") + "}");
    String one = create(2);
    stream(one, "{\"index\":0," + item("v3", 1) + "}\n{\"index\":1," + item("v3", 2) + "}");
    assertThat(texts(batch(one).get("runs"))).containsExactly(run, run);
    assertThat(batch(one).get("status").asString()).isEqualTo("COMPLETED");

    String two = create(3);
    stream(two, "{\"index\":1," + item("v3", 2) + "}");
    stream(two, "{\"index\":0," + item("new", 1) + "}\n{\"index\":2," + item("new", 3) + "}");
    List<String> runs = texts(batch(two).get("runs"));
    assertThat(runs.get(1)).isEqualTo(run);
    assertThat(runs.get(0)).isEqualTo(runs.get(2)).isNotEqualTo(run);
    assertThat(batch(two).get("status").asString()).isEqualTo("PROCESSING");
  }

  private static String create(int count) {
    return server
        .post("/api/v3/batches", "{\"runCount\":" + count + "}")
        .json()
        .get("id")
        .asString();
  }

  private static void stream(String batch, String lines) {
    Reply reply =
        server.post(
            "/api/v3/batches/" + batch + "/items", lines, "Content-Type", "application/x-ndjson");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
  }

  @Test
  void DEB_09_many_concurrent_first_triggers_create_one_run_and_get_its_id() throws Exception {
    List<String> ids = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> calls = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        int n = i;
        calls.add(
            executor.submit(() ->
                n % 2 == 0
                    ? triggered("{\"payload\":" + n + "," + options("herd", "") + "}")
                    : ofBatch(n)));
      }
      for (Future<String> call : calls) {
        ids.add(call.get());
      }
    }
    assertThat(ids).containsOnly(ids.getFirst());
  }

  private static String ofBatch(int n) {
    Reply reply = server.post("/api/v1/tasks/batch", "{\"items\":[{" + item("herd", n) + "}]}");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    return reply.json().get("runs").get(0).asString();
  }

  @ParameterizedTest
  @CsvSource({
    "2026-01-01, 2h, 422",
    "0s, 2h, 422",
    "1h, soon, 422",
    "1h, 60m, 422",
    "1h, 30m, 422",
    "1h, 61m, 200",
    "1h, 999999999w, 200",
    "999999998w, 999999999w, 200"
  })
  void DEB_14_invalid_delays_are_refused(String delay, String maxDelay, int status) {
    String debounce =
        "{\"options\":{\"debounce\":{\"key\":\"odd\",\"delay\":\"%s\",\"maxDelay\":\"%s\"}}}";
    Reply reply = trigger(debounce.formatted(delay, maxDelay));
    assertThat(reply.status()).as(reply.text()).isEqualTo(status);
  }

  @Test
  void DEB_14_keys_have_1_to_512_characters() {
    assertThat(trigger("{" + options("", "") + "}").status()).isEqualTo(400);
    assertThat(trigger("{" + options("k".repeat(513), "") + "}").status()).isEqualTo(400);
    assertThat(trigger("{" + options("k".repeat(512), "") + "}").status()).isEqualTo(200);
    assertThat(trigger("{" + options("k", ",\"mode\":\"both\"") + "}").status()).isEqualTo(400);
    assertThat(trigger("{\"options\":{\"debounce\":\"k\"}}").status()).isEqualTo(400);
  }
}

package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.ITEM_BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.Administration;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Streamed batches over real HTTP: one call creates the batch, a second one streams its items. */
class StreamedBatchTest {
  private static final String ITEM_LIMIT = "The item has 2 KB, the maximum is 1 KB";
  @AutoClose private static final TestServer server = TestServer.start();

  private static String create(TestServer at, int count) {
    Reply reply =
        at.post(
            "/api/v3/batches", "{\"runCount\":" + count + ",\"taskIdentifiers\":[\"send-email\"]}");
    assertThat(reply.status()).as(reply.text()).isEqualTo(202);
    assertThat(reply.json().get("isCached").asBoolean()).isFalse();
    assertThat(reply.json().get("runCount").asInt()).isEqualTo(count);
    assertThat(reply.header("x-trigger-jwt")).isNotEmpty();
    return reply.json().get("id").asString();
  }

  private static String line(int index) {
    return "{\"index\":" + index + ",\"task\":\"send-email\",\"payload\":{\"n\":" + index + "}}";
  }

  private static String lines(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(StreamedBatchTest::line)
        .collect(Collectors.joining("\n"));
  }

  private static Reply stream(TestServer at, String batch, String lines, String... headers) {
    return stream(at, batch, lines.getBytes(StandardCharsets.UTF_8), headers);
  }

  private static Reply stream(TestServer at, String batch, byte[] lines, String... headers) {
    return at.send(
        "POST",
        "/api/v3/batches/" + (batch.contains("/") ? batch : batch + "/items"),
        BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(lines)),
        at.key,
        headers.length > 0 ? headers : new String[] {"Content-Type", "application/x-ndjson"});
  }

  private static JsonNode batch(TestServer at, String batch) {
    return at.get("/api/v2/batches/" + batch).json();
  }

  private static List<Integer> payloads(TestServer at, String batch) {
    List<Integer> payloads = new ArrayList<>();
    for (JsonNode run : batch(at, batch).get("runs")) {
      payloads.add(at.get("/api/v3/runs/" + run.asString()).json().at("/payload/n").asInt());
    }
    return payloads;
  }

  @Test
  void TWO_01_and_TWO_02_an_announced_batch_has_no_runs_until_its_items_arrive() {
    String id = create(server, 3);
    JsonNode announced = batch(server, id);
    assertThat(announced.get("status").asString()).isEqualTo("PENDING");
    assertThat(announced.get("runCount").asInt()).isEqualTo(3);
    assertThat(announced.get("runs")).isEmpty();
    // the runs are in index order, whatever the order of the lines
    Reply reply = stream(server, id, line(2) + "\n" + line(0) + "\n" + line(1) + "\n");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.json().get("itemsAccepted").asInt()).isEqualTo(3);
    assertThat(reply.json().get("itemsDeduplicated").asInt()).isZero();
    assertThat(reply.json().get("sealed").asBoolean()).isTrue();
    assertThat(reply.json().has("enqueuedCount")).isFalse();
    assertThat(batch(server, id).get("status").asString()).isEqualTo("PROCESSING");
    assertThat(payloads(server, id)).containsExactly(0, 1, 2);
  }

  @Test
  void an_item_locked_to_an_unknown_version_becomes_a_failed_run() {
    String locked =
        "{\"index\":1,\"task\":\"send-email\",\"options\":{\"lockToVersion\":\"none\"}}";
    String whole = create(server, 2);
    stream(server, whole, line(0) + "\n" + locked);
    String parts = create(server, 2);
    stream(server, parts, locked);
    stream(server, parts, line(0));
    for (String id : List.of(whole, parts)) {
      JsonNode batch = batch(server, id);
      assertThat(batch.get("status").asString()).isEqualTo("PARTIAL_FAILED");
      JsonNode failed = server.get("/api/v3/runs/" + batch.get("runs").get(1).asString()).json();
      assertThat(failed.get("status").asString()).isEqualTo("SYSTEM_FAILURE");
      assertThat(failed.at("/error/message").asString())
          .isEqualTo(
              "BATCH_ITEM_COULD_NOT_TRIGGER: Task locked to version 'none', but no worker found"
                  + " with that version.");
    }
  }

  @Test
  void TWO_03_and_TWO_05_missing_items_are_reported_and_repeated_ones_create_no_run() {
    String id = create(server, 4);
    Reply half = stream(server, id, lines(0, 2));
    assertThat(half.json().get("sealed").asBoolean()).isFalse();
    assertThat(half.json().get("enqueuedCount").asInt()).isEqualTo(2);
    assertThat(half.json().get("expectedCount").asInt()).isEqualTo(4);
    assertThat(batch(server, id).get("runs")).isEmpty();
    Reply rest = stream(server, id, lines(1, 4) + "\n" + line(3));
    assertThat(rest.json().get("sealed").asBoolean()).isTrue();
    assertThat(rest.json().get("itemsAccepted").asInt()).isEqualTo(2);
    assertThat(rest.json().get("itemsDeduplicated").asInt()).isEqualTo(2);
    assertThat(payloads(server, id)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void TWO_04_unknown_foreign_and_malformed_batch_ids_are_refused() {
    Reply malformed = stream(server, "nonsense", line(0));
    assertThat(malformed.status()).isEqualTo(422);
    assertThat(malformed.error()).isEqualTo("Invalid batchFriendlyId: nonsense");
    String unknown = "batch_" + "1".repeat(25);
    Reply none = stream(server, unknown, line(0));
    assertThat(none.status()).isEqualTo(422);
    assertThat(none.error()).isEqualTo("Batch " + unknown + " not found");
    String own = create(server, 1);
    String staging;
    try (Administration administration = Administration.open(server.config)) {
      staging = administration.createKey("staging").key().text();
    }
    Reply foreign =
        server.send(
            "POST",
            "/api/v3/batches/" + own + "/items",
            BodyPublishers.ofString(line(0)),
            staging,
            "Content-Type",
            "application/x-ndjson");
    assertThat(foreign.status()).isEqualTo(422);
    assertThat(foreign.error()).isEqualTo("Batch " + own + " not found");
    assertThat(batch(server, own).get("runs")).isEmpty();
  }

  @Test
  void TWO_06_a_stream_repeated_after_the_seal_succeeds_and_creates_no_run() {
    String id = create(server, 3);
    stream(server, id, lines(0, 3));
    List<Integer> before = payloads(server, id);
    Reply again = stream(server, id, lines(0, 3));
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.json().get("sealed").asBoolean()).isTrue();
    assertThat(again.json().get("itemsAccepted").asInt()).isZero();
    assertThat(payloads(server, id)).isEqualTo(before);
  }

  @Test
  void TWO_08_two_concurrent_streams_create_every_run_once() throws Exception {
    int count = 300;
    String id = create(server, count);
    try (ExecutorService clients = Executors.newFixedThreadPool(4)) {
      Callable<Reply> whole = () -> stream(server, id, lines(0, count));
      List<Future<Reply>> replies = clients.invokeAll(List.of(whole, whole, whole, whole));
      for (Future<Reply> reply : replies) {
        assertThat(reply.get().status()).isEqualTo(200);
        assertThat(reply.get().json().get("sealed").asBoolean()).isTrue();
      }
    }
    assertThat(batch(server, id).get("runs")).hasSize(count);
    JsonNode page = server.get("/api/v1/runs?page%5Bsize%5D=100&filter%5Bbatch%5D=" + id).json();
    assertThat(page.get("data")).hasSize(100);
  }

  @Test
  void TWO_09_an_index_beyond_the_announced_count_is_refused_and_earlier_items_stay() {
    String id = create(server, 2);
    Reply reply = stream(server, id, line(0) + "\n" + line(2) + "\n" + line(1));
    assertThat(reply.status()).isEqualTo(422);
    assertThat(reply.error()).isEqualTo("Item index 2 exceeds batch runCount 2");
    Reply rest = stream(server, id, line(1));
    assertThat(rest.json().get("sealed").asBoolean()).isTrue();
    assertThat(payloads(server, id)).containsExactly(0, 1);
  }

  @Test
  void TWO_10_and_TWO_11_an_item_that_is_too_long_becomes_a_failed_run_and_the_others_run()
      throws IOException {
    try (TestServer small = TestServer.start(s -> s.with(ITEM_BYTES_MAX, 1024))) {
      String id = create(small, 3);
      String tooLong =
          "{\"index\":1,\"task\":\"send-email\",\"payload\":\"" + "x".repeat(2048) + "\"}";
      Reply reply = stream(small, id, line(0) + "\n" + tooLong + "\n" + line(2));
      assertThat(reply.status()).as(reply.text()).isEqualTo(200);
      assertThat(reply.json().get("sealed").asBoolean()).isTrue();
      JsonNode batch = batch(small, id);
      assertThat(batch.get("status").asString()).isEqualTo("PARTIAL_FAILED");
      assertThat(batch.get("successfulRunCount").asInt()).isEqualTo(2);
      assertThat(batch.get("failedRunCount").asInt()).isEqualTo(1);
      JsonNode error = batch.at("/processing/errors/0");
      assertThat(error.get("index").asInt()).isEqualTo(1);
      assertThat(error.get("taskIdentifier").asString()).isEqualTo("send-email");
      assertThat(error.get("errorCode").asString()).isEqualTo("PAYLOAD_TOO_LARGE");
      assertThat(error.get("error").asString()).isEqualTo(ITEM_LIMIT);
      JsonNode run = small.get("/api/v3/runs/" + batch.get("runs").get(1).asString()).json();
      assertThat(run.get("status").asString()).isEqualTo("SYSTEM_FAILURE");
      assertThat(run.get("attemptCount").asInt()).isZero();
      // a line that never ends counts as one item, however long it is
      String endless = create(small, 1);
      byte[] noise = new byte[1_000_000];
      Arrays.fill(noise, (byte) 'x');
      assertThat(stream(small, endless, noise).json().get("sealed").asBoolean()).isTrue();
      assertThat(batch(small, endless).get("status").asString()).isEqualTo("ABORTED");
    }
  }

  @Test
  void TWO_12_chunk_boundaries_and_line_endings_make_no_difference() {
    String text =
        "\r\n \n"
            + "{\"index\":0,\"task\":\"echo\",\"payload\":{\"n\":0,\"t\":\"a\\nb\"}}\r\n\n"
            + "{\"index\":1,\"task\":\"echo\",\"payload\":{\"n\":1,\"t\":\"\u00e4\uD83D\uDE00\"}}";
    String id = create(server, 2);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    InputStream drop =
        new ByteArrayInputStream(bytes) {
          @Override
          public int read(byte[] into, int offset, int length) {
            return super.read(into, offset, Math.min(length, 1)); // a chunk for each byte
          }
        };
    Reply reply =
        server.send(
            "POST",
            "/api/v3/batches/" + id + "/items",
            BodyPublishers.ofInputStream(() -> drop),
            server.key,
            "Content-Type",
            "application/ndjson; charset=utf-8");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.json().get("sealed").asBoolean()).isTrue();
    JsonNode runs = batch(server, id).get("runs");
    assertThat(
            server.get("/api/v3/runs/" + runs.get(0).asString()).json().at("/payload/t").asString())
        .isEqualTo("a\nb");
    assertThat(
            server.get("/api/v3/runs/" + runs.get(1).asString()).json().at("/payload/t").asString())
        .isEqualTo("\u00e4\uD83D\uDE00");
  }

  @Test
  void TWO_13_errors_name_the_line_of_invalid_json_and_the_index_of_an_invalid_item() {
    String id = create(server, 3);
    Reply broken = stream(server, id, line(0) + "\n\n{\"index\":1,");
    assertThat(broken.status()).isEqualTo(400);
    assertThat(broken.error()).startsWith("Invalid JSON at line 3:");
    Reply wrong = stream(server, id, "{\"index\":1,\"task\":7}");
    assertThat(wrong.status()).isEqualTo(422);
    assertThat(wrong.error()).startsWith("Invalid item at index 1: ").contains("task");
    Reply nameless = stream(server, id, "{\"task\":\"echo\"}");
    assertThat(nameless.status()).isEqualTo(422);
    assertThat(nameless.error()).contains("index: is required");
  }

  @Test
  void TWO_14_another_content_type_another_method_and_a_missing_body_are_refused() {
    String id = create(server, 1);
    Reply type = stream(server, id, line(0), "Content-Type", "application/json");
    assertThat(type.status()).isEqualTo(415);
    assertThat(type.error())
        .isEqualTo("Content-Type must be application/x-ndjson or application/ndjson");
    assertThat(server.get("/api/v3/batches/" + id + "/items").status()).isEqualTo(405);
    Reply empty =
        server.send(
            "POST",
            "/api/v3/batches/" + id + "/items",
            BodyPublishers.noBody(),
            server.key,
            "Content-Type",
            "application/x-ndjson");
    assertThat(empty.status()).isEqualTo(400);
    assertThat(empty.error()).isEqualTo("Request body is required");
  }

  @Test
  void TWO_21_a_count_that_is_invalid_or_above_the_limit_is_refused() {
    for (String count : List.of("0", "-1", "1.5", "\"3\"", "1e2", "null")) {
      Reply reply = server.post("/api/v3/batches", "{\"runCount\":" + count + "}");
      assertThat(reply.status()).as(count).isEqualTo(400);
      assertThat(reply.error()).isEqualTo("runCount must be a positive integer");
    }
    Reply many = server.post("/api/v3/batches", "{\"runCount\":1000001}");
    assertThat(many.status()).isEqualTo(400);
    assertThat(many.error())
        .isEqualTo("Batch runCount of 1000001 exceeds maximum allowed of 1000000.");
    assertThat(server.post("/api/v3/batches", "{}").status()).isEqualTo(400);
  }

  @Test
  void the_number_of_items_may_come_with_the_last_stream() {
    String id = server.post("/api/v3/batches", "{\"openEnded\":true}").json().get("id").asString();
    Reply first = stream(server, id, lines(0, 3));
    assertThat(first.json().get("sealed").asBoolean()).isFalse();
    assertThat(first.json().get("enqueuedCount").asInt()).isEqualTo(3);
    assertThat(batch(server, id).get("enqueuedCount").asInt()).isEqualTo(3);
    assertThat(batch(server, id).get("runCount").asInt()).isZero();
    Reply tooFew = stream(server, id + "/items?runCount=2", lines(0, 1));
    assertThat(tooFew.status()).isEqualTo(422);
    assertThat(tooFew.error()).isEqualTo("Item index 2 exceeds batch runCount 2");
    Reply last = stream(server, id + "/items?runCount=5", lines(4, 5));
    assertThat(last.json().get("sealed").asBoolean()).isFalse();
    assertThat(last.json().get("expectedCount").asInt()).isEqualTo(5);
    Reply again = stream(server, id + "/items?runCount=5", lines(3, 5));
    assertThat(again.json().get("sealed").asBoolean()).isTrue();
    assertThat(again.json().get("itemsDeduplicated").asInt()).isEqualTo(1);
    assertThat(payloads(server, id)).containsExactly(0, 1, 2, 3, 4);
    assertThat(batch(server, id).has("enqueuedCount")).isFalse();
    Reply repeated = stream(server, id + "/items?runCount=5", lines(3, 5));
    assertThat(repeated.json().get("sealed").asBoolean()).isTrue();
  }

  @Test
  void a_batch_of_many_thousand_items_is_sealed_read_and_listed() {
    int count = 20_001;
    String id = create(server, count);
    Reply reply = stream(server, id, lines(0, count));
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.json().get("sealed").asBoolean()).isTrue();
    assertThat(reply.json().get("itemsAccepted").asInt()).isEqualTo(count);
    JsonNode runs = batch(server, id).get("runs");
    assertThat(runs).hasSize(count);
    for (int i : new int[] {0, 9_999, 10_000, 20_000}) {
      JsonNode run = server.get("/api/v3/runs/" + runs.get(i).asString()).json();
      assertThat(run.at("/payload/n").asInt()).isEqualTo(i);
    }
    JsonNode page = server.get("/api/v1/runs?page%5Bsize%5D=2&filter%5Bbatch%5D=" + id).json();
    assertThat(page.at("/data/0/id").asString()).isEqualTo(runs.get(count - 1).asString());
    assertThat(page.at("/data/1/id").asString()).isEqualTo(runs.get(count - 2).asString());
    JsonNode brief = server.get("/api/v2/batches/" + id + "?maxRuns=1000").json();
    assertThat(brief.get("runs")).isEmpty();
    assertThat(brief.get("successfulRunCount").asInt()).isEqualTo(count);
    JsonNode results = server.get("/api/v1/batches/" + id + "/results").json();
    assertThat(results.get("items")).isEmpty();
  }

  @Test
  void TWO_22_a_key_used_twice_returns_one_batch_marked_as_cached_once_it_is_sealed() {
    String body = "{\"runCount\":1,\"idempotencyKey\":\"nightly\"}";
    Reply first = server.post("/api/v3/batches", body);
    assertThat(first.status()).isEqualTo(202);
    assertThat(first.json().get("idempotencyKey").asString()).isEqualTo("nightly");
    String id = first.json().get("id").asString();
    Reply unsealed = server.post("/api/v3/batches", body);
    assertThat(unsealed.status()).isEqualTo(200);
    assertThat(unsealed.json().get("id").asString()).isEqualTo(id);
    assertThat(unsealed.json().get("isCached").asBoolean()).isFalse();
    stream(server, id, line(0));
    Reply sealed = server.post("/api/v3/batches", body);
    assertThat(sealed.status()).isEqualTo(200);
    assertThat(sealed.json().get("id").asString()).isEqualTo(id);
    assertThat(sealed.json().get("isCached").asBoolean()).isTrue();
  }

  @Test
  void a_batch_far_larger_than_the_buffer_is_stored_completely_and_in_order() {
    int count = 12;
    String id = create(server, count);
    String filler = "y".repeat(1024 * 1024);
    String lines =
        IntStream.range(0, count)
            .mapToObj(i ->
                "{\"index\":%d,\"task\":\"echo\",\"payload\":{\"n\":%d,\"f\":\"%s\"}}"
                    .formatted(i, i, filler))
            .collect(Collectors.joining("\n"));
    Reply reply = stream(server, id, lines);
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.json().get("sealed").asBoolean()).isTrue();
    assertThat(reply.json().get("itemsAccepted").asInt()).isEqualTo(count);
    assertThat(payloads(server, id)).isEqualTo(IntStream.range(0, count).boxed().toList());
  }

  @Test
  void BAT_07_version_2_returns_a_count_and_the_same_batch_for_a_repeated_request() {
    String items = "{\"items\":[{\"task\":\"echo\",\"payload\":1},{\"task\":\"echo\"}]}";
    String[] mark = {"x-trigger-request-idempotency-key", "b2f1"};
    Reply first = server.post("/api/v2/tasks/batch", items, mark);
    assertThat(first.status()).isEqualTo(202);
    assertThat(first.json().get("runCount").asInt()).isEqualTo(2);
    assertThat(first.json().has("runs")).isFalse();
    Reply again = server.post("/api/v2/tasks/batch", items, mark);
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.json().get("id")).isEqualTo(first.json().get("id"));
  }
}

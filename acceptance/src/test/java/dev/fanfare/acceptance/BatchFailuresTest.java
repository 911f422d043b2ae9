package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.ITEM_BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Batches in which some items, or steps of the batch itself, fail. */
class BatchFailuresTest {
  private static final Duration DONE = Duration.ofSeconds(30);
  private static final String TASK = "echo";
  private static final Task<Integer, Integer> ECHO =
      Task.define(TASK, Integer.class, Integer.class).handler((payload, run) -> payload);

  @AutoClose private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start(settings -> settings.with(ITEM_BYTES_MAX, 1_024));
  }

  private static String line(int index, String payload) {
    return "{\"index\":%d,\"task\":\"%s\",\"payload\":%s}".formatted(index, TASK, payload);
  }

  private static String good(int index) {
    return line(index, String.valueOf(index));
  }

  private static String tooLong(int index) {
    return line(index, "\"" + "x".repeat(2_048) + "\"");
  }

  private static String create(int count) {
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

  private static JsonNode batch(String id) {
    return server.get("/api/v1/batches/" + id).json();
  }

  private static String status(String id) {
    return batch(id).get("status").asString();
  }

  /** The payloads of a batch's runs, in the order in which the batch lists them. */
  private static List<Integer> payloads(String id) {
    List<Integer> payloads = new ArrayList<>();
    for (JsonNode run : batch(id).get("runs")) {
      JsonNode payload = server.get("/api/v3/runs/" + run.asString()).json().path("payload");
      payloads.add(payload.isMissingNode() ? -1 : payload.asInt());
    }
    return payloads;
  }

  private static Worker worker() {
    return Worker.builder(
            Fanfare.builder().url(server.server.url().toString()).secretKey(server.key).build())
        .task(ECHO)
        .start();
  }

  private static void awaitCompleted(String batch, int... indexes) {
    JsonNode runs = batch(batch).get("runs");
    for (int index : indexes) {
      Await.until(
          "run " + index + " to complete",
          DONE,
          () ->
              server
                  .get("/api/v3/runs/" + runs.get(index).asString())
                  .json()
                  .get("status")
                  .asString()
                  .equals("COMPLETED"));
    }
  }

  @Test
  void BAT_15_BAT_22_an_item_that_cannot_become_a_run_is_recorded_and_the_others_run() {
    String id = create(4);
    Reply reply = stream(id, good(3), tooLong(1), good(0), good(2));
    assertThat(reply.json().get("sealed").asBoolean()).isTrue();
    JsonNode batch = batch(id);
    assertThat(batch.get("status").asString()).isEqualTo("PARTIAL_FAILED");
    assertThat(batch.get("errors")).hasSize(1);
    JsonNode error = batch.at("/errors/0");
    assertThat(error.get("index").asInt()).isEqualTo(1);
    assertThat(error.get("taskIdentifier").asString()).isEqualTo(TASK);
    assertThat(error.get("error").asString()).isEqualTo("The item has 2 KB, the maximum is 1 KB");
    assertThat(error.get("errorCode").asString()).isEqualTo("PAYLOAD_TOO_LARGE");
    assertThat(batch.get("runCount").asInt()).isEqualTo(4);
    assertThat(batch.get("successfulRunCount").asInt()).isEqualTo(3);
    assertThat(batch.get("failedRunCount").asInt()).isEqualTo(1);
    assertThat(payloads(id)).containsExactly(0, -1, 2, 3);
    try (Worker worker = worker()) {
      awaitCompleted(id, 0, 2, 3);
    }
    assertThat(status(id)).as("it stays known that an item failed").isEqualTo("PARTIAL_FAILED");
  }

  @Test
  void BAT_16_a_batch_in_which_no_item_can_become_a_run_is_aborted_and_says_why() {
    String id = create(2);
    assertThat(stream(id, tooLong(0), tooLong(1)).json().get("sealed").asBoolean()).isTrue();
    JsonNode batch = batch(id);
    assertThat(batch.get("status").asString()).isEqualTo("ABORTED");
    assertThat(batch.get("successfulRunCount").asInt()).isZero();
    assertThat(batch.get("failedRunCount").asInt()).isEqualTo(2);
    assertThat(batch.get("errors"))
        .extracting(error -> error.get("index").asInt())
        .containsExactly(0, 1);
  }

  @Test
  void BAT_17_a_transient_error_is_retried_and_a_permanent_one_is_not() {
    String id = create(3);
    try (DatabaseFault fault = DatabaseFault.install(server, "runs", DatabaseFault.DEADLOCK, 2)) {
      Reply reply = stream(id, good(0), tooLong(1), good(2));
      assertThat(reply.status()).as(reply.text()).isEqualTo(200);
      assertThat(reply.json().get("sealed").asBoolean()).isTrue();
    }
    assertThat(payloads(id)).containsExactly(0, -1, 2);
    assertThat(batch(id).get("errors")).hasSize(1);
  }

  @Test
  void BAT_17_an_error_that_outlasts_the_retries_stores_nothing_and_sending_again_works() {
    String id = create(2);
    int before = server.runs();
    try (DatabaseFault fault = DatabaseFault.install(server, "runs", DatabaseFault.DEADLOCK, 99)) {
      Reply reply = stream(id, good(0), good(1));
      assertThat(reply.status()).isEqualTo(503);
      assertThat(reply.header("Retry-After")).isNotEmpty();
      String items = IntStream.range(0, 5).mapToObj(i -> "{}").collect(Collectors.joining(","));
      assertThat(server.post("/api/v1/tasks/echo/batch", "{\"items\":[" + items + "]}").status())
          .isEqualTo(503);
    }
    assertThat(server.runs()).isEqualTo(before);
    assertThat(stream(id, good(0), good(1)).json().get("sealed").asBoolean()).isTrue();
    assertThat(payloads(id)).containsExactly(0, 1);
  }

  @Test
  void BAT_21_a_batch_whose_sealing_failed_keeps_its_items_and_is_sealed_by_the_next_stream() {
    String id = create(3);
    assertThat(stream(id, good(0), good(1)).json().get("enqueuedCount").asInt()).isEqualTo(2);
    try (DatabaseFault fault =
        DatabaseFault.install(server, "batches", DatabaseFault.INTERNAL, 1)) {
      assertThat(stream(id, good(2)).status()).isEqualTo(500);
      assertThat(status(id)).isEqualTo("PENDING");
      assertThat(batch(id).get("runs")).isEmpty();
      Reply again = stream(id, good(2));
      assertThat(again.status()).as(again.text()).isEqualTo(200);
      assertThat(again.json().get("itemsAccepted").asInt()).isEqualTo(1);
    }
    assertThat(payloads(id)).containsExactly(0, 1, 2);
    assertThat(batch(id).get("successfulRunCount").asInt()).isEqualTo(3);
  }

  @Test
  void BAT_21_if_counting_the_last_run_failed_the_next_report_counts_it_correctly() {
    String id = create(2);
    stream(id, good(0), good(1));
    try (DatabaseFault fault = DatabaseFault.install(server, "batches", DatabaseFault.INTERNAL, 3);
        Worker worker = worker()) {
      Await.until("the batch to complete", DONE, () -> status(id).equals("COMPLETED"));
    }
    awaitCompleted(id, 0, 1);
    assertThat(batch(id).get("runs")).hasSize(2);
  }
}

package dev.fanfare.acceptance.chaos;

import static dev.fanfare.acceptance.chaos.FloodedServer.AT_ONCE;
import static dev.fanfare.acceptance.chaos.FloodedServer.MIB;
import static dev.fanfare.acceptance.chaos.FloodedServer.READS_AT_ONCE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.chaos.Flood.Request;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * As {@link HeapTest}, for what comes or goes in parts: streamed batches, packets, polls, and
 * clients that are slow or silent.
 */
@Timeout(600)
class HeapStreamsTest {
  @RegisterExtension static final FloodedServer server = new FloodedServer();

  private static final String PAYLOAD = "p".repeat(60_000);

  /** Texts that take two bytes for each character in memory. */
  private static final LongBody WIDE_TRIGGER =
      LongBody.of(3 * MIB - 100, "{\"payload\":\"\uD83D\uDE00", "p", "\"}");

  private static final LongBody WIDE_BATCH =
      new LongBody(
          "{\"items\":[{\"task\":\"t\"}",
          ",{\"task\":\"t\",\"payload\":\"\uD83D\uDE00%s\"}".formatted(PAYLOAD),
          999,
          "]}");

  /** Almost as many as the server serves. */
  private static final int CONNECTIONS = 900;

  private Flood flood;

  @BeforeEach
  void start() {
    flood = server.flood();
  }

  /** An item of almost 3 MiB, with a character that makes it take two bytes for each. */
  private static String item(int index) {
    return "{\"index\":%s,\"task\":\"t\",\"payload\":\"\uD83D\uDE00%s\"}\n"
        .formatted(index, "p".repeat(3 * MIB - 200));
  }

  private static LongBody items(int from, int count) {
    StringBuilder items = new StringBuilder();
    for (int i = 0; i < count; i++) {
      items.append(item(from + i));
    }
    return LongBody.of(items.toString());
  }

  private static Request stream(String batch, LongBody items) {
    return Request.post("/api/v3/batches/" + batch + "/items", items);
  }

  @Test
  void many_streamed_batches_that_are_sealed_at_once() {
    int items = 4;
    LongBody beginning = items(0, items - 1);
    LongBody end = items(items - 1, 1);
    List<String> batches =
        IntStream.range(0, AT_ONCE).mapToObj(i -> flood.announcedBatch(items)).toList();
    for (String batch : batches) {
      assertThat(flood.sendUntilServed(stream(batch, beginning))).isEqualTo(200);
    }
    flood.sendAtOnce(AT_ONCE, batches.stream().map(batch -> stream(batch, end)).toList());
    for (String batch : batches) {
      assertThat(flood.sendUntilServed(stream(batch, end))).isEqualTo(200);
      assertThat(flood.json(Request.get("/api/v2/batches/" + batch)).path("runCount").asInt())
          .isEqualTo(items);
    }
  }

  /**
   * While one has some of the keys, it must not wait for a turn of those that wait for the keys.
   */
  @Test
  void streamed_batches_with_the_same_keys_that_are_sealed_at_once_do_not_wait_for_each_other() {
    String item =
        "{\"index\":%s,\"task\":\"t\",\"payload\":\"%s\",\"options\":{\"idempotencyKey\":\"sealed-%s\"}}\n";
    StringBuilder beginning = new StringBuilder();
    for (int i = 0; i < 5; i++) {
      beginning.append(item.formatted(i, "p".repeat(2 * MIB), i));
    }
    LongBody end = LongBody.of(item.formatted(5, "p", 5));
    List<String> batches = IntStream.range(0, 8).mapToObj(i -> flood.announcedBatch(6)).toList();
    for (String batch : batches) {
      LongBody items = LongBody.of(beginning.toString());
      assertThat(flood.sendUntilServed(stream(batch, items))).isEqualTo(200);
    }
    List<Request> ends = batches.stream().map(batch -> stream(batch, end)).toList();
    assertThat(flood.sendAtOnce(ends.size(), ends)).containsOnly(200);
  }

  @Test
  void streams_as_long_as_documented() {
    int items = 1_000;
    StringBuilder body = new StringBuilder();
    for (int i = 0; i < items; i++) {
      body.append("{\"index\":%s,\"task\":\"t\",\"payload\":\"é%s\"}\n".formatted(i, PAYLOAD));
    }
    LongBody all = LongBody.of(body.toString());
    List<Request> streams =
        IntStream.range(0, AT_ONCE)
            .mapToObj(i -> stream(flood.announcedBatch(items), all))
            .toList();
    assertThat(flood.sendUntilServed(streams.getFirst())).isEqualTo(200);
    flood.sendAtOnce(AT_ONCE, streams);
    assertThat(flood.sendUntilServed(streams.getLast())).isEqualTo(200);
  }

  @Test
  void packets_as_large_as_documented_and_more() throws Exception {
    LongBody largest = LongBody.exactly(10 * MIB, "", "p", "");
    LongBody larger = LongBody.exactly(10 * MIB + 1, "", "p", "");
    List<Request> uploads = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      uploads.add(new Request("PUT", url("PUT", "p" + i), largest, ""));
      uploads.add(new Request("PUT", url("PUT", "p" + i), larger, ""));
      uploads.add(new Request("PUT", url("PUT", "p" + i), larger.chunked(), ""));
    }
    flood.sendAtOnce(AT_ONCE, uploads);
    assertThat(flood.sendUntilServed(uploads.getFirst())).isEqualTo(200);
    assertThat(flood.sendUntilServed(uploads.get(1))).isEqualTo(413);
    Request download = new Request("GET", url("GET", "p0"), null, "");
    flood.sendAtOnce(READS_AT_ONCE, List.of(download));
    assertThat(flood.sendUntilServed(download)).isEqualTo(200);
    try (SilentClients readers = new SilentClients(flood.url())) {
      readers.send(READS_AT_ONCE, SilentClients.head("GET", download.path(), 0), null);
      flood.sendAtOnce(AT_ONCE, uploads);
      flood.sendAtOnce(READS_AT_ONCE, List.of(download));
    }
  }

  /** The path of a presigned URL. */
  private String url(String method, String name) {
    String path = "/api/" + (method.equals("PUT") ? "v2" : "v1") + "/packets/" + name;
    URI url =
        URI.create(
            flood
                .json(new Request(method, path, null, Processes.KEY))
                .path("presignedUrl")
                .asString());
    return url.getRawPath() + "?" + url.getRawQuery();
  }

  /** Payloads that take two bytes for each character, and become twice as long in a response. */
  private List<String> triggerWide(String prefix) {
    LongBody body = LongBody.of(3 * MIB - 100, "{\"payload\":\"\uD83D\uDE00", "\\\"", "\"}");
    List<String> tasks = IntStream.range(0, 64).mapToObj(i -> prefix + i).toList();
    for (String task : tasks) {
      flood.sendUntilServed(Request.post("/api/v1/tasks/" + task + "/trigger", body));
    }
    return tasks;
  }

  @Test
  void workers_that_do_not_read_the_responses_to_their_polls() throws Exception {
    String[] tasks = triggerWide("silent-").toArray(String[]::new);
    String poll = flood.openSession(tasks) + "/poll";
    String slots = "{\"slots\":500}";
    try (SilentClients workers = new SilentClients(flood.url())) {
      workers.send(
          READS_AT_ONCE, SilentClients.head("POST", poll, slots.length()), LongBody.of(slots));
      flood.sendAtOnce(AT_ONCE, List.of(Request.post(poll, LongBody.of(slots))));
      flood.sendAtOnce(
          AT_ONCE,
          List.of(
              Request.post("/api/v1/tasks/t/trigger", WIDE_TRIGGER),
              Request.post("/api/v1/tasks/batch", WIDE_BATCH)));
    }
  }

  @Test
  void polls_that_ask_for_the_runs_of_many_lost_responses() {
    String[] tasks = triggerWide("lost-").toArray(String[]::new);
    List<String> polls =
        IntStream.range(0, 2).mapToObj(i -> flood.openSession(tasks) + "/poll").toList();
    for (int number = 1; number <= 32; number++) {
      for (String poll : polls) {
        flood.sendUntilServed(
            Request.post(poll, LongBody.of("{\"slots\":500,\"poll\":%s}".formatted(number))));
      }
    }
    List<Request> again =
        polls.stream()
            .map(poll ->
                Request.post(poll, LongBody.of("{\"slots\":500,\"poll\":100,\"unanswered\":1}")))
            .toList();
    again.forEach(flood::sendUntilServed);
    flood.sendAtOnce(READS_AT_ONCE, again);
  }

  @Test
  void many_idle_connections_beside_a_flood() throws Exception {
    try (SilentClients idle = new SilentClients(flood.url())) {
      idle.idle(CONNECTIONS);
      floodOfBodies();
    }
  }

  @Test
  void many_requests_without_the_end_of_their_headers_beside_a_flood() throws Exception {
    String head = "POST /api/v1/tasks/t/trigger HTTP/1.1\r\nx-long: " + "h".repeat(31 * 1024);
    try (SilentClients silent = new SilentClients(flood.url())) {
      silent.send(CONNECTIONS, head, null);
      floodOfBodies();
    }
  }

  private void floodOfBodies() {
    flood.sendAtOnce(
        AT_ONCE,
        List.of(
            Request.post("/api/v1/tasks/t/trigger", WIDE_TRIGGER),
            Request.post("/api/v1/tasks/batch", WIDE_BATCH),
            Request.get("/api/v1/runs?page%5Bsize%5D=100")));
  }

  @Test
  void clients_that_stop_in_the_middle_of_a_body() throws Exception {
    List<String> batches =
        IntStream.range(0, AT_ONCE).mapToObj(i -> flood.announcedBatch(1_000)).toList();
    LongBody half = LongBody.of(30 * MIB, "{\"items\":[{\"task\":\"t\",\"payload\":[[]", ",[]", "");
    try (SilentClients silent = new SilentClients(flood.url())) {
      silent.send(AT_ONCE, SilentClients.head("POST", "/api/v1/tasks/batch", 63 * MIB), half);
      for (String batch : batches) {
        String path = stream(batch, half).path();
        silent.send(1, SilentClients.head("POST", path, 63 * MIB), items(0, 4));
      }
      floodOfBodies();
    }
  }
}

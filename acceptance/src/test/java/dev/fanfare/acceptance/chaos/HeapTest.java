package dev.fanfare.acceptance.chaos;

import static dev.fanfare.acceptance.chaos.FloodedServer.AT_ONCE;
import static dev.fanfare.acceptance.chaos.FloodedServer.MIB;
import static dev.fanfare.acceptance.chaos.FloodedServer.READS_AT_ONCE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.chaos.Flood.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * No request ends a server that has the heap of the launcher: requests with the largest of
 * everything and with more, alone and many at once. Each is served, refused with a 4xx, or told to
 * come back with a 503; afterwards the heap is as empty as before.
 */
@Timeout(600)
class HeapTest {
  @RegisterExtension static final FloodedServer server = new FloodedServer();
  private Flood flood;

  @BeforeEach
  void start() {
    flood = server.flood();
  }

  /** Each place of a batch that holds a text, as a text of 63 MiB: below the limit of the body. */
  private static List<LongBody> longTexts() {
    List<LongBody> bodies = new ArrayList<>();
    for (String digits : List.of("7", "\\u0007", "é", "\uD83D\uDE00")) {
      bodies.add(
          LongBody.of(63 * MIB, "{\"items\":[{\"task\":\"t\",\"payload\":\"", digits, "\"}]}"));
    }
    for (String before :
        List.of(
            "{\"items\":[{\"task\":\"",
            "{\"items\":[{\"task\":\"t\",\"options\":{\"idempotencyKey\":\"",
            "{\"items\":[{\"task\":\"t\",\"options\":{\"metadata\":\"",
            "{\"items\":[{\"task\":\"t\",\"options\":{\"metadata\":{\"a\":\"",
            "{\"items\":[{\"task\":\"t\",\"options\":{\"tags\":\"",
            "{\"items\":[{\"task\":\"t\",\"options\":{\"queue\":{\"name\":\"",
            "{\"items\":[{\"task\":\"t\",\"options\":{\"debounce\":{\"x\":\"",
            "{\"items\":[{\"task\":\"t\",\"options\":{\"idempotencyKeyOptions\":{\"x\":\"",
            "{\"items\":[{\"task\":\"t\",\"unknown\":\"",
            "{\"unknown\":\"",
            "{\"parentRunId\":\"",
            "{\"",
            "{\"items\":[{\"",
            "{\"items\":[{\"task\":\"t\",\"payload\":{\"",
            "{\"items\":[{\"task\":\"t\",\"payload\":7",
            "{\"items\":[{\"task\":\"t\",\"payload\":0.7",
            "{\"items\":[{\"task\":\"t\",\"options\":{\"priority\":7",
            "{\"unknown\":7",
            "")) {
      bodies.add(LongBody.of(63 * MIB, before, "7", "\"}}}]}"));
    }
    return bodies;
  }

  @Test
  void a_limit_that_does_not_fit_the_heap_prevents_the_start() throws Exception {
    try (Processes others = new Processes().set("FANFARE_BATCH_BODY_BYTES_MAX", "1GB")) {
      Jvm refused =
          others.shipped("refused", server.folder().resolve("refused"), server.database());
      assertThat(refused.awaitExit(Duration.ofSeconds(120))).as("%s", refused).isEqualTo(78);
      assertThat(refused.lines())
          .anySatisfy(line ->
              assertThat(line)
                  .contains("FANFARE_BATCH_BODY_BYTES_MAX must fit into the heap")
                  .contains("Set at most")
                  .contains("FANFARE_JAVA_OPTS"));
    }
  }

  @Test
  void a_long_text_anywhere_in_a_batch() {
    for (LongBody body : longTexts()) {
      flood.send(Request.post("/api/v1/tasks/batch", body));
    }
    flood.sendAtOnce(
        AT_ONCE,
        longTexts().stream().limit(5).map(b -> Request.post("/api/v2/tasks/batch", b)).toList());
  }

  @Test
  void a_long_text_from_every_kind_of_caller() {
    List<Request> requests = new ArrayList<>();
    for (String credential : flood.credentials()) {
      for (String path :
          List.of(
              "/api/v1/tasks/batch",
              "/api/v1/tasks/t/batch",
              "/api/v1/tasks/t/trigger",
              "/api/v3/batches",
              "/api/v3/batches/batch_" + "0".repeat(25) + "/items",
              "/api/v1/runs/run_" + "0".repeat(25) + "/replay",
              "/api/v1/runs/run_" + "0".repeat(25) + "/tags",
              "/api/v1/auth/public-tokens",
              "/worker/v1/sessions",
              "/worker/v1/sessions/session_" + "0".repeat(25) + "/reports",
              "/nowhere")) {
        requests.add(
            Request.post(path, LongBody.of(63 * MIB, "{\"payload\":\"", "7", "\"}"))
                .by(credential));
      }
    }
    flood.sendAtOnce(AT_ONCE, requests);
  }

  @Test
  void many_small_values_in_a_batch() {
    List<Request> requests = new ArrayList<>();
    for (LongBody body :
        List.of(
            LongBody.of(63 * MIB, "{\"items\":[{}", ",{}", "]}"),
            LongBody.of(63 * MIB, "{\"items\":[{\"task\":\"t\",\"payload\":[[]", ",[]", "]}]}"),
            LongBody.of(
                63 * MIB,
                "{\"items\":[{\"task\":\"t\",\"options\":{\"tags\":[\"a\"",
                ",\"a\"",
                "]}}]}"),
            LongBody.of(
                63 * MIB,
                "{\"items\":[{\"task\":\"t\",\"options\":{\"debounce\":{\"a\":1",
                ",\"a\":1",
                "}}}]}"),
            LongBody.of(
                63 * MIB, "{\"items\":[{\"task\":\"t\",\"options\":{\"x\":1", ",\"y\":1", "}}]}"),
            LongBody.of(63 * MIB, "{\"a\":1", ",\"a\":1", "}"))) {
      flood.send(Request.post("/api/v1/tasks/batch", body));
      requests.add(Request.post("/api/v1/tasks/batch", body));
    }
    flood.sendAtOnce(AT_ONCE, requests);
  }

  @Test
  void batches_as_large_as_documented() {
    for (String character : List.of("p", "é", "語", "\uD83D\uDE00")) {
      String payload =
          character.repeat(
              60_000 / character.getBytes(java.nio.charset.StandardCharsets.UTF_8).length);
      String item = ",{\"task\":\"t\",\"payload\":\"a" + payload + "\"}";
      LongBody body = new LongBody("{\"items\":[{\"task\":\"t\"}", item, 999, "]}");
      assertThat(flood.send(Request.post("/api/v1/tasks/batch", body)))
          .as(character)
          .isEqualTo(200);
      flood.sendAtOnce(AT_ONCE, List.of(Request.post("/api/v1/tasks/batch", body)));
    }
  }

  @Test
  void triggers_as_large_as_documented() {
    LongBody body = LongBody.of(3 * MIB - 100, "{\"payload\":\"\uD83D\uDE00", "p", "\"}");
    assertThat(flood.send(Request.post("/api/v1/tasks/t/trigger", body))).isEqualTo(200);
    flood.sendAtOnce(READS_AT_ONCE, List.of(Request.post("/api/v1/tasks/t/trigger", body)));
  }

  @Test
  void reports_of_long_outputs() {
    String reports = flood.openSession() + "/reports";
    String run = "{\"runId\":\"run_%025d\",\"fence\":1,\"attempt\":1,\"durationMillis\":1,";
    List<Request> requests = new ArrayList<>();
    for (LongBody body :
        List.of(
            LongBody.of(
                63 * MIB, "{\"finished\":[" + run.formatted(1) + "\"output\":\"", "7", "\"}]}"),
            LongBody.of(
                40 * MIB,
                "{\"finished\":[" + run.formatted(1) + "\"output\":\"\uD83D\uDE00",
                "\\\"",
                "\"}]}"),
            LongBody.of(
                63 * MIB,
                "{\"finished\":["
                    + run.formatted(1)
                    + "\"error\":{\"type\":\"BUILT_IN_ERROR\",\"message\":\"",
                "7",
                "\"}}]}"),
            LongBody.of(63 * MIB, "{\"finished\":[{\"runId\":\"", "7", "\"}]}"),
            LongBody.of(63 * MIB, "{\"finished\":[{\"fence\":", "7", "}]}"),
            LongBody.of(63 * MIB, "{\"", "7", "\":1}"),
            LongBody.of(63 * MIB, "{\"x\":7", "7", "}"),
            LongBody.of(63 * MIB, "{\"started\":[{}", ",{}", "]}"),
            LongBody.of(63 * MIB, "{\"finished\":[{}", ",{}", "]}"),
            LongBody.of(63 * MIB, "{\"x\":[[]", ",[]", "]}"),
            new LongBody(
                "{\"finished\":[" + run.formatted(1) + "\"output\":\"",
                "7".repeat(MIB),
                9,
                "\"}]}"))) {
      flood.send(Request.post(reports, body));
      requests.add(Request.post(reports, body));
    }
    flood.sendAtOnce(AT_ONCE, requests);
  }

  @Test
  void six_outputs_of_almost_the_largest_size() {
    String sixOutputs = flood.reportOfOutputs(6);
    flood.sendAtOnce(4, List.of(Request.post(sixOutputs, flood.outputs())));
  }

  @Test
  void lists_of_runs_with_long_metadata() {
    flood.listedRuns();
    Request list = Request.get("/api/v1/runs?filter%5Btag%5D=list&page%5Bsize%5D=100");
    assertThat(flood.send(list)).isEqualTo(200);
    flood.sendAtOnce(READS_AT_ONCE, List.of(list));
  }

  @Test
  void reads_of_a_run_with_a_long_output() {
    String run = flood.completedRun();
    List<Request> reads =
        List.of(
            Request.get("/api/v3/runs/" + run),
            Request.get("/api/v1/runs/" + run + "/result"),
            Request.get("/api/v1/runs/" + run + "/metadata"),
            Request.get("/api/v1/runs/" + run + "/packets/output"),
            Request.post("/api/v1/runs/" + run + "/replay", LongBody.of("{}")),
            Request.post("/api/v1/runs/" + run + "/reschedule", LongBody.of("{\"delay\":\"1h\"}")));
    reads.forEach(flood::send);
    assertThat(flood.send(reads.getFirst())).isEqualTo(200);
    assertThat(flood.send(reads.get(1))).isEqualTo(200);
    for (Request read : reads) {
      flood.sendAtOnce(READS_AT_ONCE, List.of(read));
    }
  }

  @Test
  void polls_for_long_payloads() {
    LongBody body = LongBody.of(3 * MIB - 100, "{\"payload\":\"\uD83D\uDE00", "p", "\"}");
    List<String> tasks = IntStream.range(0, 64).mapToObj(i -> "poll-" + i).toList();
    String session = flood.openSession(tasks.toArray(String[]::new));
    for (String task : tasks) {
      flood.sendUntilServed(Request.post("/api/v1/tasks/" + task + "/trigger", body));
    }
    flood.sendAtOnce(
        READS_AT_ONCE, List.of(Request.post(session + "/poll", LongBody.of("{\"slots\":500}"))));
  }

  @Test
  void changes_of_metadata_that_is_all_structure() {
    String run =
        flood.triggeredRun("{\"options\":{\"metadata\":{\"a\":[[]" + ",[]".repeat(80_000) + "]}}}");
    LongBody large = LongBody.of(2 * MIB - 200, "{\"metadata\":{\"a\":[[]", ",[]", "]}}");
    LongBody small = LongBody.of("{\"operations\":[{\"type\":\"set\",\"key\":\"b\",\"value\":1}]}");
    for (LongBody body : List.of(large, small)) {
      Request change = new Request("PUT", "/api/v1/runs/" + run + "/metadata", body, Processes.KEY);
      flood.send(change);
      flood.sendAtOnce(READS_AT_ONCE, List.of(change));
    }
  }
}

package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Reading and listing runs and batches, over real HTTP. */
class ReadContractTest {
  private static final String CURRENT = "2025-07-16";
  @AutoClose private static final TestServer server = TestServer.start();

  private static String trigger(String task, String body) {
    Reply reply = server.post("/api/v1/tasks/" + task + "/trigger", body);
    assertThat(reply.status()).isEqualTo(200);
    return reply.json().get("id").asString();
  }

  @Test
  void a_run_has_the_documented_fields_and_never_null() {
    String id = trigger("reader", "{\"payload\":{\"a\":1},\"options\":{\"tags\":[\"b\",\"a\"]}}");
    Reply reply = server.get("/api/v3/runs/" + id, "x-trigger-api-version", CURRENT);
    assertThat(reply.text()).doesNotContain("null");
    JsonNode run = reply.json();
    assertThat(run.get("status").asString()).isEqualTo("QUEUED");
    assertThat(run.get("isQueued").asBoolean()).isTrue();
    assertThat(run.get("attempts")).isEmpty();
    assertThat(run.get("attemptCount").asInt()).isZero();
    assertThat(run.get("tags").toString()).isEqualTo("[\"a\",\"b\"]");
    assertThat(run.at("/relatedRuns/children").isArray()).isTrue();
    assertThat(run.has("startedAt")).isFalse();
  }

  @Test
  void common_options_are_shown() {
    String id =
        trigger(
            "reader",
            """
            {"options": {"ttl": 5400, "machine": "small-2x", "region": "eu-1", "test": true,
                         "delay": "1d", "idempotencyKey": "shown"}}
            """);
    JsonNode run = server.get("/api/v3/runs/" + id).json();
    assertThat(run.get("ttl").asString()).isEqualTo("1h30m");
    assertThat(run.get("machine").asString()).isEqualTo("small-2x");
    assertThat(run.get("region").asString()).isEqualTo("eu-1");
    assertThat(run.get("isTest").asBoolean()).isTrue();
    assertThat(run.get("delayedUntil").asString()).isNotEmpty();
    assertThat(run.get("idempotencyKey").asString()).isEqualTo("shown");
  }

  @Test
  void an_unknown_run_and_a_run_of_another_environment_get_identical_responses() {
    Reply unknown = server.get("/api/v3/runs/run_0000000000000000000000000");
    Reply nonsense = server.get("/api/v3/runs/nonsense");
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.text()).isEqualTo("{\"error\":\"Not found\"}").isEqualTo(nonsense.text());
    assertThat(unknown.header("x-should-retry")).isEqualTo("true");
  }

  @Test
  void text_payloads_are_shown_as_their_value() {
    String superJson =
        trigger(
            "reader",
            """
            {"payload": "{\\"json\\":{\\"n\\":1.50},\\"meta\\":{}}",
             "options": {"payloadType": "application/super+json"}}
            """);
    assertThat(server.get("/api/v3/runs/" + superJson).text())
        .contains("\"payload\":{\"n\":1.50},");
    String text =
        trigger("reader", "{\"payload\":\"plain\",\"options\":{\"payloadType\":\"text/plain\"}}");
    assertThat(server.get("/api/v3/runs/" + text).text()).contains("\"payload\":\"plain\",");
  }

  @Test
  void a_list_can_be_paged_forward_and_back_without_a_gap() {
    String body =
        IntStream.range(0, 55)
            .mapToObj(i -> "{\"options\":{\"tags\":[\"walk\"]}}")
            .collect(Collectors.joining(",", "{\"items\":[", "]}"));
    server.post("/api/v1/tasks/walker/batch", body);
    String base = "/api/v1/runs?filter%5Btag%5D=walk&page%5Bsize%5D=10";
    List<String> forward = new ArrayList<>();
    JsonNode page = server.get(base).json();
    assertThat(page.at("/pagination").has("previous")).isFalse();
    while (true) {
      page.get("data").forEach(run -> forward.add(run.get("id").asString()));
      if (!page.at("/pagination").has("next")) {
        break;
      }
      page = server.get(base + "&page%5Bafter%5D=" + page.at("/pagination/next").asString()).json();
    }
    assertThat(forward).hasSize(55).doesNotHaveDuplicates();
    assertThat(forward).isSortedAccordingTo(java.util.Comparator.reverseOrder());
    List<String> back = new ArrayList<>();
    while (page.at("/pagination").has("previous")) {
      page =
          server
              .get(base + "&page%5Bbefore%5D=" + page.at("/pagination/previous").asString())
              .json();
      List<String> ids = new ArrayList<>();
      page.get("data").forEach(run -> ids.add(run.get("id").asString()));
      back.addAll(0, ids);
    }
    assertThat(back).isEqualTo(forward.subList(0, 50));
  }

  @Test
  void each_filter_narrows_the_list() {
    String queued = trigger("filtered", "{\"options\":{\"tags\":\"f1\",\"test\":true}}");
    String delayed = trigger("filtered", "{\"options\":{\"tags\":\"f2\",\"delay\":\"1h\"}}");
    assertThat(ids("filter%5BtaskIdentifier%5D=filtered")).containsExactly(delayed, queued);
    assertThat(ids("filter%5BtaskIdentifier%5D=filtered&filter%5Bstatus%5D=DELAYED"))
        .containsExactly(delayed);
    assertThat(ids("filter%5BtaskIdentifier%5D=filtered&filter%5Bstatus%5D=QUEUED"))
        .containsExactly(queued);
    assertThat(ids("filter%5Btag%5D=f1,f2")).containsExactly(delayed, queued);
    assertThat(ids("filter%5Btag%5D=f2")).containsExactly(delayed);
    assertThat(ids("filter%5BtaskIdentifier%5D=filtered&filter%5BisTest%5D=true"))
        .containsExactly(queued);
    assertThat(ids("filter%5BtaskIdentifier%5D=filtered&filter%5BcreatedAt%5D%5Bperiod%5D=1h"))
        .hasSize(2);
    assertThat(ids("filter%5BtaskIdentifier%5D=filtered&filter%5BcreatedAt%5D%5Bto%5D=1000"))
        .isEmpty();
    assertThat(ids("filter%5BtaskIdentifier%5D=nobody")).isEmpty();
  }

  private static List<String> ids(String query) {
    List<String> ids = new ArrayList<>();
    JsonNode data = server.get("/api/v1/runs?" + query).json().get("data");
    data.forEach(run -> ids.add(run.get("id").asString()));
    return ids;
  }

  @Test
  void no_run_can_prevent_filtering_by_an_option() {
    String gates = "{\"options\":{\"gates\":[{\"queue\":\"\\u0000\"}]}}";
    Reply refused = server.post("/api/v1/tasks/filtered/trigger", gates);
    String micro = trigger("filtered", "{\"options\":{\"machine\":\"micro\"}}");
    assertThat(ids("filter%5Bmachine%5D=micro")).contains(micro);
    assertThat(refused.status()).as(refused.text()).isEqualTo(400);
  }

  @Test
  void an_invalid_filter_is_a_400_that_names_it() {
    for (String query :
        List.of(
            "filter%5Bstatus%5D=NONSENSE",
            "filter%5BisTest%5D=maybe",
            "filter%5Bbatch%5D=x",
            "filter%5BcreatedAt%5D%5Bperiod%5D=long",
            "page%5Bsize%5D=0",
            "page%5Bsize%5D=101",
            "page%5Bafter%5D=x")) {
      Reply reply = server.get("/api/v1/runs?" + query);
      assertThat(reply.status()).as(query).isEqualTo(400);
      assertThat(reply.error()).isEqualTo("Query Error");
      assertThat(reply.json().at("/details/0/message").asString()).isNotBlank();
    }
  }

  @Test
  void wrong_methods_and_paths_are_reported() {
    Reply method =
        server.send("PUT", "/api/v1/tasks/batch", HttpRequest.BodyPublishers.noBody(), "");
    assertThat(method.status()).isEqualTo(405);
    assertThat(method.header("Allow")).contains("POST");
    assertThat(method.error()).isEqualTo("Method not allowed");
    assertThat(server.get("/nowhere").status()).isEqualTo(404);
    assertThat(server.get("/health/live").status()).isEqualTo(200);
  }

  @Test
  void a_task_id_is_decoded_once() {
    String id = trigger("a%2Fb%20c%2525", "{}");
    assertThat(server.get("/api/v3/runs/" + id).json().get("taskIdentifier").asString())
        .isEqualTo("a/b c%25");
  }
}

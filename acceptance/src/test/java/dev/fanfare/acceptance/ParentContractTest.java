package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.Administration;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Runs that name another run as their parent, in every API dialect, over real HTTP. */
class ParentContractTest {
  private static final String TRIGGER = "/api/v1/tasks/child/trigger";
  private static final String NOBODY = "run_" + "1".repeat(25);
  private static final String[] NDJSON = {"Content-Type", "application/x-ndjson"};
  private static TestServer server;

  /** A run that stays queued. */
  private static String parent;

  /** A run that is final. */
  private static String over;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start();
    parent = id(server.post("/api/v1/tasks/parent/trigger", "{}"));
    over = id(server.post("/api/v1/tasks/parent/trigger", "{}"));
    assertThat(server.post("/api/v2/runs/" + over + "/cancel", "").status()).isEqualTo(200);
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static String id(Reply reply) {
    assertThat(reply.status()).as(reply.text()).isIn(200, 202);
    return reply.json().get("id").asString();
  }

  private static JsonNode run(String id) {
    return server.get("/api/v3/runs/" + id, "x-trigger-api-version", "2025-07-16").json();
  }

  private static String single(String parentId, boolean resume) {
    return "{\"options\":{%s}}".formatted(link(parentId, resume));
  }

  private static String link(String parentId, boolean resume) {
    return "\"parentRunId\":\"%s\",\"resumeParentOnCompletion\":%s".formatted(parentId, resume);
  }

  private static String many(String parentId, boolean resume) {
    return "{\"items\":[{\"task\":\"child\"},{\"task\":\"other\"}],%s}"
        .formatted(link(parentId, resume));
  }

  private static String announced(String parentId, boolean resume) {
    return "{\"runCount\":2,\"taskIdentifiers\":[\"child\"],%s}".formatted(link(parentId, resume));
  }

  private static List<String> runsOf(String batch) {
    List<String> runs = new ArrayList<>();
    server.get("/api/v2/batches/" + batch).json().get("runs").forEach(r -> runs.add(r.asString()));
    assertThat(runs).hasSize(2);
    return runs;
  }

  private static void assertChild(String id, String parentId, String triggerFunction) {
    JsonNode run = run(id);
    assertThat(run.at("/relatedRuns/parent/id").asString()).isEqualTo(parentId);
    assertThat(run.at("/relatedRuns/root/id").asString()).isEqualTo(parentId);
    assertThat(run.get("depth").asInt()).isEqualTo(1);
    assertThat(run.get("triggerFunction").asString()).isEqualTo(triggerFunction);
  }

  private static Reply stream(String batch, String... lines) {
    return server.send(
        "POST",
        "/api/v3/batches/" + batch + "/items",
        BodyPublishers.ofString(String.join("\n", lines)),
        server.key,
        NDJSON);
  }

  private static String line(int index) {
    return "{\"index\":%d,\"task\":\"child\"}".formatted(index);
  }

  @Test
  void a_run_shows_its_relatives_and_what_is_absent_is_left_out() {
    String root = id(server.post("/api/v1/tasks/parent/trigger", "{}"));
    String child = id(server.post(TRIGGER, single(root, false)));
    String grandchild = id(server.post(TRIGGER, single(child, true)));

    assertChild(child, root, "trigger");
    assertThat(run(root).get("relatedRuns").propertyNames()).containsExactly("children");
    JsonNode shown = run(grandchild);
    assertThat(shown.get("depth").asInt()).isEqualTo(2);
    assertThat(shown.get("triggerFunction").asString()).isEqualTo("triggerAndWait");
    assertThat(shown.at("/relatedRuns/root/id").asString()).isEqualTo(root);
    assertThat(shown.at("/relatedRuns/root/depth").asInt()).isZero();
    assertThat(shown.at("/relatedRuns/parent/id").asString()).isEqualTo(child);
    assertThat(run(root).at("/relatedRuns/children")).hasSize(1);
    JsonNode entry = run(child).at("/relatedRuns/children/0");
    assertThat(entry.get("id").asString()).isEqualTo(grandchild);
    assertThat(entry.get("depth").asInt()).isEqualTo(2);
    assertThat(entry.get("triggerFunction").asString()).isEqualTo("triggerAndWait");
    assertThat(entry.get("status").asString()).isEqualTo("QUEUED");
    assertThat(entry.has("payload")).isFalse();
    assertThat(entry.has("relatedRuns")).isFalse();
  }

  @Test
  void the_items_of_one_task_name_their_parents_themselves() {
    Reply reply =
        server.post(
            "/api/v1/tasks/child/batch",
            "{\"items\":[%s,{}],%s}".formatted(single(parent, true), link(over, false)));
    List<String> runs = runsOf(id(reply));
    assertChild(runs.getFirst(), parent, "batchTriggerAndWait");
    assertThat(run(runs.getLast()).get("relatedRuns").has("parent")).isFalse();
    assertThat(run(runs.getLast()).get("triggerFunction").asString()).isEqualTo("batchTrigger");
  }

  @Test
  void the_items_of_many_tasks_have_the_parent_of_the_batch() {
    for (String path : List.of("/api/v1/tasks/batch", "/api/v2/tasks/batch")) {
      String batch = id(server.post(path, many(parent, true)));
      for (String run : runsOf(batch)) {
        assertChild(run, parent, "batchTriggerAndWait");
        assertThat(run(run).get("batchId").asString()).isEqualTo(batch);
      }
      String own = "{\"items\":[{\"task\":\"child\",%s},{\"task\":\"child\"}]}";
      String body = own.formatted(single(parent, true).replaceAll("^\\{|}$", ""));
      for (String run : runsOf(id(server.post(path, body)))) {
        assertThat(run(run).get("relatedRuns").has("parent")).isFalse();
      }
    }
  }

  @Test
  void a_streamed_batch_keeps_its_parent_until_its_items_are_there() {
    String whole = id(server.post("/api/v3/batches", announced(parent, false)));
    assertThat(stream(whole, line(0), line(1)).json().get("sealed").asBoolean()).isTrue();
    runsOf(whole).forEach(run -> assertChild(run, parent, "batchTrigger"));

    String parts = id(server.post("/api/v3/batches", announced(parent, true)));
    assertThat(stream(parts, line(1)).json().get("sealed").asBoolean()).isFalse();
    assertThat(stream(parts, line(0)).json().get("sealed").asBoolean()).isTrue();
    runsOf(parts).forEach(run -> assertChild(run, parent, "batchTriggerAndWait"));
  }

  @Test
  void an_unknown_parent_is_ignored_for_a_key_and_forbidden_for_a_token() {
    String key = keyOfAnotherEnvironment();
    String foreign = id(server.postAs(key, "/api/v1/tasks/parent/trigger", "{}"));
    String token = server.token().scopes("trigger:tasks", "write:runs").sign(server.key);
    for (String nobody : List.of(NOBODY, foreign, "run_of_somebody_else")) {
      JsonNode run = run(id(server.post(TRIGGER, single(nobody, true))));
      assertThat(run.get("relatedRuns").has("parent")).isFalse();
      assertThat(run.get("triggerFunction").asString()).isEqualTo("trigger");
      assertForbidden(server.postAs(token, TRIGGER, single(nobody, false)));
    }
  }

  private static String keyOfAnotherEnvironment() {
    try (Administration administration = Administration.open(server.config)) {
      return administration.createKey("prod").key().text();
    }
  }

  private static void assertForbidden(Reply reply) {
    assertThat(reply.status()).as(reply.text()).isEqualTo(403);
    assertThat(reply.text()).isEqualTo("{\"error\":\"Unauthorized\"}");
  }

  @Test
  void a_token_can_only_name_a_parent_that_it_may_write() {
    int before = server.runs();
    String[] trigger = {"trigger:tasks", "batchTrigger:tasks"};
    for (String scope : List.of("read:runs", "write:runs:" + over, "write:tasks")) {
      String token = token(trigger, scope);
      assertForbidden(server.postAs(token, TRIGGER, single(parent, false)));
      assertForbidden(server.postAs(token, "/api/v1/tasks/batch", many(parent, false)));
      assertForbidden(server.postAs(token, "/api/v2/tasks/batch", many(parent, false)));
      assertForbidden(server.postAs(token, "/api/v3/batches", announced(parent, false)));
    }
    assertThat(server.runs()).isEqualTo(before);
    for (String scope : List.of("write:runs", "write:runs:" + parent)) {
      String token = token(trigger, scope);
      assertChild(id(server.postAs(token, TRIGGER, single(parent, false))), parent, "trigger");
      assertThat(server.postAs(token, "/api/v2/tasks/batch", many(parent, false)).status())
          .isEqualTo(202);
      assertThat(server.postAs(token, "/api/v3/batches", announced(parent, false)).status())
          .isEqualTo(202);
    }
  }

  private static String token(String[] scopes, String scope) {
    return server
        .token()
        .scopes(Stream.concat(Stream.of(scopes), Stream.of(scope)).toArray(String[]::new))
        .sign(server.key);
  }

  @Test
  void TAW_05_a_final_parent_cannot_trigger_and_wait_but_can_trigger() {
    int before = server.runs();
    String refused = "Cannot trigger child as the parent run has a status of CANCELED";
    assertRefused(server.post(TRIGGER, single(over, true)), refused);
    assertRefused(
        server.post("/api/v1/tasks/child/batch", "{\"items\":[%s]}".formatted(single(over, true))),
        refused);
    assertRefused(server.post("/api/v1/tasks/batch", many(over, true)), refused);
    assertRefused(server.post("/api/v2/tasks/batch", many(over, true)), refused);
    assertRefused(
        server.post("/api/v3/batches", announced(over, true)),
        "Cannot create batch as the parent run has a status of CANCELED");
    assertThat(server.runs()).isEqualTo(before);
    assertChild(id(server.post(TRIGGER, single(over, false))), over, "trigger");
  }

  private static void assertRefused(Reply reply, String text) {
    assertThat(reply.status()).isEqualTo(422);
    assertThat(reply.error()).isEqualTo(text);
  }

  @Test
  void a_malformed_parent_is_a_400() {
    String announced = "{\"runCount\":1,\"parentRunId\":7}";
    String[][] wrong = {
      {TRIGGER, "{\"options\":{\"parentRunId\":7}}", "options.parentRunId: must be a string"},
      {
        TRIGGER,
        "{\"options\":{\"resumeParentOnCompletion\":1}}",
        "options.resumeParentOnCompletion: must be true or false"
      },
      {
        "/api/v2/tasks/batch",
        "{\"parentRunId\":[],\"items\":[{\"task\":\"a\"}]}",
        "parentRunId: must be a string"
      },
      {"/api/v3/batches", announced, "parentRunId: must be a string"},
      {
        TRIGGER,
        single("x".repeat(257), false),
        "options.parentRunId: must have at most 256 characters"
      }
    };
    for (String[] row : wrong) {
      Reply reply = server.post(row[0], row[1]);
      assertThat(reply.status()).as(row[1]).isEqualTo(400);
      assertThat(reply.error()).isEqualTo("Validation error: " + row[2]);
    }
    for (String none : List.of("null", "\"\"")) {
      id(server.post(TRIGGER, "{\"options\":{\"parentRunId\":" + none + "}}"));
    }
  }

  @Test
  void CAN_04_canceling_a_parent_cancels_its_children() {
    String root = id(server.post("/api/v1/tasks/parent/trigger", "{}"));
    String child = id(server.post(TRIGGER, single(root, false)));
    String grandchild = id(server.post(TRIGGER, single(child, false)));
    assertThat(server.post("/api/v2/runs/" + root + "/cancel", "").status()).isEqualTo(200);
    for (String run : List.of(root, child, grandchild)) {
      assertThat(run(run).get("status").asString()).isEqualTo("CANCELED");
    }
  }

  @Test
  void a_replayed_run_has_no_parent() {
    String child = id(server.post(TRIGGER, single(parent, true)));
    JsonNode again = run(id(server.post("/api/v1/runs/" + child + "/replay", "")));
    assertThat(again.get("relatedRuns").propertyNames()).containsExactly("children");
    assertThat(again.get("depth").asInt()).isZero();
    assertThat(again.get("triggerFunction").asString()).isEqualTo("trigger");
  }

  @Test
  void metadata_goes_up_to_the_parent_and_the_root() {
    String root = id(server.post("/api/v1/tasks/parent/trigger", "{}"));
    String child = id(server.post(TRIGGER, single(root, false)));
    List<String> grandchildren =
        IntStream.range(0, 3)
            .mapToObj(i -> id(server.post(TRIGGER, single(child, false))))
            .toList();
    String body =
        """
        {"operations": [{"type": "set", "key": "own", "value": true}],
         "parentOperations": [{"type": "increment", "key": "parent", "value": 1}],
         "rootOperations": [{"type": "increment", "key": "root", "value": 10}]}
        """;
    for (String grandchild : grandchildren) {
      assertThat(put(grandchild, body).text()).isEqualTo("{\"metadata\":{\"own\":true}}");
    }
    assertThat(run(child).get("metadata").toString()).isEqualTo("{\"parent\":3}");
    assertThat(run(root).get("metadata").toString()).isEqualTo("{\"root\":30}");
    // the parent is the root as well
    assertThat(put(child, body).text()).isEqualTo("{\"metadata\":{\"parent\":3,\"own\":true}}");
    assertThat(run(root).get("metadata").toString()).isEqualTo("{\"root\":40,\"parent\":1}");
    // a run without a parent is both to itself
    assertThat(put(root, body).text())
        .isEqualTo("{\"metadata\":{\"root\":50,\"parent\":2,\"own\":true}}");

    String big = "{\"type\":\"set\",\"key\":\"b\",\"value\":\"" + "x".repeat(262_144) + "\"}";
    Reply over =
        put(
            child,
            "{\"operations\":[{\"type\":\"set\",\"key\":\"c\",\"value\":1}],\"parentOperations\":["
                + big
                + "]}");
    assertThat(over.status()).isEqualTo(413);
    assertThat(run(child).get("metadata").has("c")).isFalse();
  }

  private static Reply put(String run, String body) {
    return server.send(
        "PUT", "/api/v1/runs/" + run + "/metadata", BodyPublishers.ofString(body), server.key);
  }
}

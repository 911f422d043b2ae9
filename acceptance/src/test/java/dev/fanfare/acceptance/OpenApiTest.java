package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Route;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The document at {@code /openapi.json} describes exactly what the server does. */
class OpenApiTest {
  private static final String NONE = "run_0000000000000000000000000";

  @AutoClose private static TestServer server;
  private static OpenApi api;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start();
    Reply served = server.getAs("", "/openapi.json");
    assertThat(served.status()).isEqualTo(200);
    assertThat(served.header("Content-Type")).startsWith("application/json");
    api = new OpenApi(served.json());
  }

  private static String name(Route route) {
    return route.method() + " " + route.path().replace("*}", "}");
  }

  @Test
  void it_is_a_valid_OpenAPI_3_1_document_without_broken_references_or_unused_components() {
    assertThat(api.document().get("openapi").asString()).startsWith("3.1.");
    assertThat(api.document().at("/info/title").asString()).isEqualTo("Fanfare");
    assertThat(api.brokenReferences()).isEmpty();
    assertThat(api.unused()).isEmpty();
    List<String> ids =
        api.operations().values().stream().map(o -> o.get("operationId").asString()).toList();
    assertThat(ids).doesNotHaveDuplicates();
    assertThat(api.operations().values())
        .allSatisfy(o -> assertThat(o.get("summary").asString()).isNotBlank());
  }

  @Test
  void it_names_exactly_the_existing_routes() {
    Set<String> routes =
        server.server.routes().stream()
            .map(OpenApiTest::name)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(api.operations().keySet())
        .as("operations of openapi.json, compared with the routes of the server")
        .containsExactlyInAnyOrderElementsOf(routes);
  }

  @Test
  void it_names_the_credentials_of_each_route() {
    for (Route route : server.server.routes()) {
      JsonNode operation = api.operations().get(name(route));
      assertThat(operation).as(name(route) + " in openapi.json").isNotNull();
      JsonNode security = operation.path("security");
      if (security.isMissingNode()) {
        security = api.document().get("security");
      }
      assertThat(security.toString()).as(name(route)).isEqualTo(security(route.access()));
    }
  }

  private static String security(Access access) {
    return switch (access.kind()) {
      case OPEN, PRESIGNED -> "[]";
      case KEY -> "[{\"secretKey\":[]}]";
      case KEY_OR_TOKEN ->
          "[{\"secretKey\":[]},{\"publicToken\":[\"%s\"]}]".formatted(access.scope());
    };
  }

  @Test
  void it_names_the_path_parameters() {
    api.operations()
        .forEach((name, operation) -> {
          Set<String> named = new TreeSet<>();
          for (JsonNode parameter : operation.path("parameters")) {
            JsonNode resolved = api.resolve(parameter);
            if (resolved.get("in").asString().equals("path")) {
              named.add("{" + resolved.get("name").asString() + "}");
            }
          }
          assertThat(named).as(name).isEqualTo(placeholders(name));
        });
  }

  private static Set<String> placeholders(String path) {
    Set<String> placeholders = new TreeSet<>();
    for (String segment : path.split("/")) {
      if (segment.startsWith("{")) {
        placeholders.add(segment);
      }
    }
    return placeholders;
  }

  /** Sends requests, and records every deviation of a response from the document. */
  private static final class Conversation {
    final Set<String> succeeded = new TreeSet<>();
    final List<String> differences = new ArrayList<>();

    Reply say(String operation, String body, String... values) {
      String path = operation.substring(operation.indexOf(' ') + 1);
      for (String value : values) {
        path = path.replaceFirst("\\{\\w+}", value);
      }
      String method = operation.substring(0, operation.indexOf(' '));
      String type = path.endsWith("/items") ? "application/x-ndjson" : "application/json";
      Reply reply =
          server.send(
              method,
              path,
              body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body),
              server.key,
              "Content-Type",
              type);
      return heard(operation, reply);
    }

    Reply heard(String operation, Reply reply) {
      differences.addAll(api.differences(operation, reply));
      if (reply.status() < 300) {
        succeeded.add(operation);
      }
      return reply;
    }
  }

  private static String id(Reply reply) {
    return reply.json().get("id").asString();
  }

  @Test
  void responses_match_the_document() {
    Conversation talk = new Conversation();
    String session = openSession(talk);
    runs(talk);
    batches(talk);
    work(talk, session);
    tokens(talk);
    packets(talk);
    talk.say("GET /health/live", "");
    talk.say("GET /health/ready", "");
    talk.say("GET /openapi.json", "");
    talk.say("GET /", "");
    mistakes(talk);
    assertThat(talk.differences).isEmpty();
    assertThat(talk.succeeded).isEqualTo(new TreeMap<>(api.operations()).keySet());
  }

  private static String openSession(Conversation talk) {
    return talk.say(
            "POST /worker/v1/sessions",
            "{\"name\":\"w\",\"version\":\"1\",\"slots\":1,\"tasks\":[{\"id\":\"work\"}]}")
        .json()
        .get("sessionId")
        .asString();
  }

  private static void runs(Conversation talk) {
    String trigger = "POST /api/v1/tasks/{task}/trigger";
    String every =
        """
        {"payload":{"a":1},"options":{"delay":"1d","ttl":"1h","tags":["a"],"metadata":{"m":1},
         "idempotencyKey":"k","region":"eu","machine":"micro"}}\
        """;
    String run = id(talk.say(trigger, every, "echo"));
    talk.say("GET /api/v3/runs/{run}", "", run);
    talk.say("GET /api/v1/runs", "");
    talk.say("POST /api/v1/runs/{run}/tags", "{\"tags\":\"b\"}", run);
    talk.say("GET /api/v1/runs/{run}/metadata", "", run);
    talk.say("PUT /api/v1/runs/{run}/metadata", "{\"metadata\":{\"n\":2}}", run);
    talk.say("POST /api/v1/runs/{run}/reschedule", "{\"delay\":\"2d\"}", run);
    talk.say("POST /api/v1/runs/{run}/replay", "", run);
    talk.say("POST /api/v1/idempotencyKeys/{key}/reset", "{\"taskIdentifier\":\"echo\"}", "k");
    String late = "{\"options\":{\"delay\":\"1d\",\"parentRunId\":\"%s\"}}".formatted(run);
    String child = id(talk.say(trigger, late, "echo"));
    talk.say("GET /api/v3/runs/{run}", "", child);
    talk.say("POST /api/v2/runs/{run}/cancel", "", run);
    talk.say("GET /api/v1/runs/{run}/result", "", run);
    talk.say("GET /api/v3/runs/{run}", "", run);
  }

  private static void batches(Conversation talk) {
    String items =
        "{\"items\":[{\"task\":\"other\",\"options\":{\"idempotencyKey\":\"i\"}},{\"task\":\"other\"}]}";
    talk.say("POST /api/v1/tasks/{task}/batch", "{\"items\":[{},{}]}", "other");
    Reply batch = talk.say("POST /api/v1/tasks/batch", items);
    talk.heard(
        "POST /api/v1/tasks/batch",
        server.post("/api/v1/tasks/batch", items, "trigger-version", "4.0.0"));
    talk.say("POST /api/v2/tasks/batch", items);
    String announced = id(talk.say("POST /api/v3/batches", "{\"runCount\":2}"));
    String stream = "POST /api/v3/batches/{batch}/items";
    talk.say("GET /api/v2/batches/{batch}", "", announced);
    talk.say(stream, "{\"index\":0,\"task\":\"other\"}", announced);
    String tooLong =
        "{\"index\":1,\"task\":\"other\",\"payload\":\"" + "x".repeat(3_200_000) + "\"}";
    talk.say(stream, tooLong, announced);
    talk.say("GET /api/v1/batches/{batch}", "", announced);
    talk.say("GET /api/v2/batches/{batch}", "", id(batch));
    talk.say("GET /api/v1/batches/{batch}/results", "", announced);
  }

  private static void work(Conversation talk, String session) {
    String trigger = "POST /api/v1/tasks/{task}/trigger";
    String run = id(talk.say(trigger, "{\"payload\":1,\"options\":{\"tags\":\"t\"}}", "work"));
    String poll = "POST /worker/v1/sessions/{session}/poll";
    JsonNode claimed = talk.say(poll, "{\"slots\":1}", session).json().at("/assignments/0");
    assertThat(claimed.get("runId").asString()).isEqualTo(run);
    String held =
        "{\"runId\":\"%s\",\"fence\":%s,\"attempt\":1".formatted(run, claimed.get("fence"));
    String report = "POST /worker/v1/sessions/{session}/reports";
    String failed =
        held
            + ",\"durationMillis\":1,\"retryable\":true,\"error\":{\"type\":\"BUILT_IN_ERROR\","
            + "\"name\":\"E\",\"message\":\"m\",\"stackTrace\":\"\"}}";
    talk.say(report, "{\"finished\":[" + failed + "]}", session);
    String ended =
        held.replace("\"attempt\":1", "\"attempt\":2") + ",\"durationMillis\":1,\"output\":\"1\"}";
    talk.say(report, "{\"finished\":[" + ended + "]}", session);
    talk.say(report, "{\"finished\":[" + ended + "]}", session); // the lease is lost by now
    talk.say("GET /api/v3/runs/{run}", "", run);
    talk.say("GET /api/v1/runs/{run}/result", "", run);
    talk.say("DELETE /worker/v1/sessions/{session}", "", session);
    talk.say(poll, "{\"slots\":1}", session);
  }

  private static void tokens(Conversation talk) {
    talk.say("POST /api/v1/auth/jwt", "{\"claims\":{\"scopes\":[\"read:runs\"]}}");
    talk.say("POST /api/v1/auth/jwt/claims", "");
    talk.say("POST /api/v1/auth/public-tokens", "{\"scopes\":[\"read:runs\"]}");
  }

  private static void packets(Conversation talk) {
    String name = "a%2Fb.json";
    Reply upload = talk.say("PUT /api/v2/packets/{path}", "", name);
    talk.say("PUT /api/v1/packets/{path}", "", "c/d.json");
    String path = upload.json().get("storagePath").asString();
    String presigned = path(upload);
    talk.heard(
        "PUT /packets/{environment}/{path}",
        server.send(
            "PUT",
            presigned,
            BodyPublishers.ofString("{\"p\":1}"),
            "",
            "Content-Type",
            "application/json"));
    Reply download = talk.say("GET /api/v1/packets/{path}", "", path);
    talk.heard("GET /packets/{environment}/{path}", server.getAs("", path(download)));
    String stored =
        "{\"payload\":\"%s\",\"options\":{\"payloadType\":\"application/store\",\"delay\":\"1d\"}}"
            .formatted(path);
    String run = id(talk.say("POST /api/v1/tasks/{task}/trigger", stored, "echo"));
    talk.say("GET /api/v3/runs/{run}", "", run);
    talk.say("GET /api/v1/runs/{run}/packets/{field}", "", run, "payload");
    talk.say("GET /api/v1/runs/{run}/packets/{field}", "", run, "output");
  }

  private static String path(Reply reply) {
    String url = reply.json().get("presignedUrl").asString();
    return url.substring(url.indexOf("/packets/"));
  }

  /** One request per kind of error; {@link ErrorCatalogueTest} checks the texts. */
  private static void mistakes(Conversation talk) {
    String trigger = "POST /api/v1/tasks/{task}/trigger";
    talk.say(trigger, "{", "echo");
    talk.say(trigger, "{\"options\":{\"delay\":\"soon\"}}", "echo");
    talk.say(trigger, "{\"payload\":\"" + "x".repeat(3_200_000) + "\"}", "echo");
    talk.say("GET /api/v3/runs/{run}", "", NONE);
    talk.say("POST /api/v2/runs/{run}/cancel", "", NONE);
    talk.say("POST /api/v1/runs/{run}/tags", "{}", NONE);
    talk.say("GET /api/v2/batches/{batch}", "", NONE.replace("run_", "batch_"));
    talk.heard("GET /api/v1/runs", server.get("/api/v1/runs?page%5Bsize%5D=0"));
    talk.heard("GET /api/v1/runs", server.getAs("", "/api/v1/runs"));
    talk.heard("GET /api/v1/runs", server.getAs("tr_dev_x", "/api/v1/runs"));
    String nothing = server.token().scopes("read:nothing").sign(server.key);
    talk.heard("GET /api/v1/runs", server.getAs(nothing, "/api/v1/runs"));
  }
}

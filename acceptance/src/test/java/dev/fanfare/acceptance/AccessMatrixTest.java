package dev.fanfare.acceptance;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Route;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Calls every route of the server with every kind of credential. The server itself lists its
 * routes, so a new route fails this test until it has a row with a request that its handler
 * accepts.
 */
class AccessMatrixTest {
  private static final String BATCH = "{\"items\":[{\"task\":\"matrix\"}]}";

  /** The request body for each route; empty for none. */
  private static final Map<String, String> BODIES =
      Map.ofEntries(
          entry("POST /api/v1/tasks/{task}/trigger", "{}"),
          entry("POST /api/v1/tasks/{task}/batch", "{\"items\":[{}]}"),
          entry("POST /api/v1/tasks/batch", BATCH),
          entry("POST /api/v2/tasks/batch", BATCH),
          entry("POST /api/v3/batches", "{\"runCount\":1,\"taskIdentifiers\":[\"matrix\"]}"),
          entry("POST /api/v3/batches/{batch}/items", ""),
          entry("POST /api/v2/runs/{run}/cancel", ""),
          entry("POST /api/v1/runs/{run}/replay", ""),
          entry("POST /api/v1/runs/{run}/reschedule", "{\"delay\":\"1h\"}"),
          entry("POST /api/v1/runs/{run}/tags", "{\"tags\":\"a\"}"),
          entry("GET /api/v1/runs/{run}/metadata", ""),
          entry("PUT /api/v1/runs/{run}/metadata", "{}"),
          entry("POST /api/v1/idempotencyKeys/{key}/reset", "{\"taskIdentifier\":\"matrix\"}"),
          entry("GET /api/v1/batches/{batch}", ""),
          entry("GET /api/v2/batches/{batch}", ""),
          entry("GET /api/v1/batches/{batch}/results", ""),
          entry("GET /api/v3/runs/{run}", ""),
          entry("GET /api/v1/runs/{run}/result", ""),
          entry("GET /api/v1/runs", ""),
          entry("GET /api/v1/runs/{run}/packets/{field}", ""),
          entry("PUT /api/v2/packets/{path*}", ""),
          entry("PUT /api/v1/packets/{path*}", ""),
          entry("GET /api/v1/packets/{path*}", ""),
          entry("PUT /packets/{environment}/{path*}", "1"),
          entry("GET /packets/{environment}/{path*}", ""),
          entry("POST /api/v1/auth/jwt", "{}"),
          entry("POST /api/v1/auth/jwt/claims", ""),
          entry("POST /api/v1/auth/public-tokens", "{\"scopes\":[\"read:runs\"]}"),
          entry("POST /worker/v1/sessions", "{\"name\":\"w\",\"slots\":1,\"tasks\":[]}"),
          entry("POST /worker/v1/sessions/{session}/poll", "{\"slots\":0}"),
          entry("POST /worker/v1/sessions/{session}/reports", "{}"),
          entry("DELETE /worker/v1/sessions/{session}", ""),
          entry("GET /health/live", ""),
          entry("GET /", ""),
          entry("GET /openapi.json", ""),
          entry("GET /health/ready", ""));

  /** The values of the names in paths. */
  private static Map<String, String> names;

  private static TestServer server;

  /** The kinds of credentials; each is created for the route that it is tried on. */
  private enum Credential {
    NONE(route -> ""),
    WRONG_KEY(route -> "tr_dev_000000000000000000000000"),
    KEY_OF_ANOTHER_SHAPE(route -> server.key + "0"),
    PERSONAL_TOKEN(route -> "tr_pat_0000000000000000000000000000000000000000"),
    EXPIRED_TOKEN(route -> server.token().scopes("admin").expired().sign(server.key)),
    UNSIGNED_TOKEN(route -> server.token().scopes("admin").algorithm("none").sign("")),
    FORGED_TOKEN(route -> server.token().scopes("admin").sign("tr_dev_000000000000000000000000")),
    TOKEN_WITHOUT_SCOPES(route -> server.token().sign(server.key)),
    TOKEN_WITH_ANOTHER_SCOPE(route -> server.token().scopes("write:nothing").sign(server.key)),
    TOKEN_WITH_THE_SCOPE(route -> server.token().scopes(route.access().scope()).sign(server.key)),
    KEY(route -> server.key);

    final Function<Route, String> make;

    Credential(Function<Route, String> make) {
      this.make = make;
    }

    /** The status of the rejection, or 0 if the credential is accepted. */
    int refusal(Access access) {
      if (access.kind() == Access.Kind.PRESIGNED) {
        return 403; // these URLs need a signature, which no credential replaces
      }
      if (!access.takesCredentials() || this == KEY) {
        return 0;
      }
      if (!access.takesTokens()) {
        return 401;
      }
      return switch (this) {
        case TOKEN_WITH_THE_SCOPE -> 0;
        case TOKEN_WITHOUT_SCOPES, TOKEN_WITH_ANOTHER_SCOPE -> 403;
        default -> 401;
      };
    }
  }

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start();
    var batch = server.post("/api/v1/tasks/batch", BATCH).json();
    names =
        Map.ofEntries(
            entry("task", "matrix"),
            entry("batch", batch.get("batchId").asString()),
            entry("run", batch.at("/runs/0").asString()),
            entry("key", "nobody-has-it"),
            entry("session", "session_0000000000000000000000000"),
            entry("field", "payload"),
            entry("environment", "1"),
            entry("path*", "a/b"));
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static String name(Route route) {
    return route.method() + " " + route.path();
  }

  private static String path(Route route) {
    String path = route.path();
    for (Map.Entry<String, String> known : names.entrySet()) {
      path = path.replace("{" + known.getKey() + "}", known.getValue());
    }
    assertThat(path)
        .as("a path whose {name} has no value in AccessMatrixTest.names")
        .doesNotContain("{");
    return path;
  }

  @Test
  void every_route_has_a_row_and_every_row_a_route() {
    TreeSet<String> routes =
        server.server.routes().stream()
            .map(AccessMatrixTest::name)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(BODIES.keySet())
        .as("rows of BODIES, compared with the routes of the server")
        .containsExactlyInAnyOrderElementsOf(routes);
  }

  @Test
  void a_route_that_takes_tokens_names_the_scope_and_no_other_does() {
    assertThat(server.server.routes())
        .allSatisfy(route ->
            assertThat(route.access().scope())
                .as(name(route))
                .matches(route.access().takesTokens() ? "[a-zA-Z]+:[a-zA-Z]+" : ""));
  }

  @TestFactory
  Stream<DynamicTest> credentials_are_let_in_or_refused_as_the_route_says() {
    return server.server.routes().stream()
        .map(route -> DynamicTest.dynamicTest(name(route), () -> check(route)));
  }

  private static void check(Route route) {
    List<String> wrong = new ArrayList<>();
    for (Credential credential : Credential.values()) {
      int refusal = credential.refusal(route.access());
      int before = refusal == 0 ? 0 : server.runs();
      int status = send(route, credential.make.apply(route)).status();
      boolean right =
          refusal == 0 ? status != 401 && status != 403 && status < 500 : status == refusal;
      if (!right || (refusal != 0 && server.runs() != before)) {
        wrong.add(credential + " was answered " + status);
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static Reply send(Route route, String credential) {
    String body = BODIES.getOrDefault(name(route), "");
    return server.send(
        route.method(),
        path(route),
        body.isEmpty()
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofString(body),
        credential);
  }
}

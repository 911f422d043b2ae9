package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.http.Route;
import java.net.http.HttpRequest;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** CORS: what scripts from other origins can call and read, over real HTTP. */
class CorsTest {
  private static final String ORIGIN = "https://app.example.com";
  @AutoClose private static final TestServer server = TestServer.start();

  private static Reply preflight(String path, String... headers) {
    return server.send("OPTIONS", path, HttpRequest.BodyPublishers.noBody(), "", headers);
  }

  @Test
  void a_preflight_request_needs_no_credential() {
    Reply reply =
        preflight(
            "/api/v1/tasks/a/trigger",
            "Origin",
            ORIGIN,
            "Access-Control-Request-Method",
            "POST",
            "Access-Control-Request-Headers",
            "authorization,x-trigger-client");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.text()).isEqualTo("{}");
    assertThat(reply.header("Access-Control-Allow-Origin")).isEqualTo(ORIGIN);
    assertThat(reply.header("Access-Control-Allow-Methods"))
        .isEqualTo("GET,HEAD,PUT,PATCH,POST,DELETE");
    assertThat(reply.header("Access-Control-Allow-Headers"))
        .isEqualTo("authorization,x-trigger-client");
    assertThat(reply.header("Access-Control-Max-Age")).isEqualTo("300");
    assertThat(reply.header("Access-Control-Allow-Credentials")).isEmpty();
  }

  @Test
  void only_routes_that_take_tokens_and_presigned_urls_are_open_to_browsers() {
    for (Route route : server.server.routes()) {
      boolean open =
          server.server.routes().stream()
              .anyMatch(r -> r.path().equals(route.path()) && r.access().isForBrowsers());
      String path = route.path().replaceAll("\\{\\w+\\*?}", "x");
      assertThat(preflight(path, "Origin", ORIGIN).status()).as(path).isEqualTo(open ? 200 : 405);
    }
  }

  @Test
  void responses_and_errors_can_be_read_by_the_requesting_origin() {
    String path = "/api/v1/tasks/a/trigger";
    Reply good = server.post(path, "{}", "Origin", ORIGIN);
    Reply bad = server.postAs("tr_dev_wrong", path, "{}", "Origin", ORIGIN);
    assertThat(bad.status()).isEqualTo(401);
    for (Reply reply : new Reply[] {good, bad}) {
      assertThat(reply.header("Access-Control-Allow-Origin")).isEqualTo(ORIGIN);
      assertThat(reply.header("Vary")).isEqualTo("Origin");
      assertThat(reply.header("Access-Control-Expose-Headers").split(", "))
          .containsExactlyInAnyOrder(
              "x-trigger-jwt",
              "x-trigger-jwt-claims",
              "x-should-retry",
              "x-ratelimit-limit",
              "x-ratelimit-remaining",
              "x-ratelimit-reset",
              "retry-after");
    }
  }

  @Test
  void without_an_origin_and_on_key_only_routes_no_cors_headers_are_sent() {
    Reply plain = server.post("/api/v1/tasks/a/trigger", "{}");
    assertThat(plain.header("Access-Control-Allow-Origin")).isEmpty();
    assertThat(plain.header("Vary")).as("caches must not mix them up").isEqualTo("Origin");
    Reply forKeys = server.post("/api/v1/tasks/a/batch", "{\"items\":[{}]}", "Origin", ORIGIN);
    assertThat(forKeys.status()).isEqualTo(200);
    assertThat(forKeys.header("Access-Control-Allow-Origin")).isEmpty();
  }
}

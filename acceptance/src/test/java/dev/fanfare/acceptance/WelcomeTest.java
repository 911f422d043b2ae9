package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What someone sees who opens the URL that a server prints when it is ready. */
class WelcomeTest {
  @AutoClose private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.start();
  }

  @Test
  void a_client_gets_json() {
    for (String accept : new String[] {"*/*", "application/json"}) {
      Reply reply = server.getAs("", "/", "Accept", accept);
      assertThat(reply.status()).isEqualTo(200);
      assertThat(reply.header("Content-Type")).startsWith("application/json");
      assertThat(reply.json().path("name").asString()).isEqualTo("Fanfare");
      for (String link : new String[] {"openapi", "health"}) {
        String path = reply.json().path(link).asString();
        assertThat(server.getAs("", path).status()).as(path).isEqualTo(200);
      }
      assertThat(reply.text()).doesNotContain("tr_dev_");
    }
  }

  @Test
  void a_browser_gets_a_page() {
    Reply reply = server.getAs("", "/", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.header("Content-Type")).isEqualTo("text/html; charset=utf-8");
    assertThat(reply.text()).startsWith("<!doctype html>").contains("openapi.json");
  }
}

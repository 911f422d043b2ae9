package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Runs locked to a version of the workers' code, as API clients see them. */
class LockedRunsTest {
  private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start();
    open("20260101.1");
    open("20260101.2");
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static void open(String version) {
    Reply reply =
        server.post(
            "/worker/v1/sessions",
            "{\"name\":\"w\",\"version\":\""
                + version
                + "\",\"slots\":1,\"tasks\":[{\"id\":\"a\"}]}");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
  }

  private static String trigger(String options) {
    Reply reply = server.post("/api/v1/tasks/a/trigger", "{\"options\":{" + options + "}}");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    return reply.json().get("id").asString();
  }

  private static JsonNode run(String id) {
    return server.get("/api/v3/runs/" + id).json();
  }

  private static List<String> listed(String versions) {
    return server
        .get("/api/v1/runs?filter%5Bversion%5D=" + versions)
        .json()
        .get("data")
        .valueStream()
        .map(run -> run.get("id").asString())
        .toList();
  }

  @Test
  void a_locked_run_shows_its_version_and_is_listed_by_it() {
    String free = trigger("");
    String first = trigger("\"lockToVersion\":\"20260101.1\"");
    String second = trigger("\"lockToVersion\":\"20260101.2\"");
    assertThat(trigger("\"lockToVersion\":\"\"")).isNotEmpty();
    assertThat(run(free).has("version")).isFalse();
    assertThat(run(first).get("version").asString()).isEqualTo("20260101.1");
    assertThat(listed("20260101.1")).contains(first).doesNotContain(free, second);
    assertThat(listed("20260101.1,20260101.2")).contains(first, second).doesNotContain(free);
    assertThat(listed("20260101.3")).isEmpty();
  }

  @Test
  void a_replay_is_locked_only_on_request() {
    String locked = trigger("\"lockToVersion\":\"20260101.1\"");
    String replay = "/api/v1/runs/" + locked + "/replay";
    JsonNode again = run(server.post(replay, "").json().get("id").asString());
    assertThat(again.has("version")).isFalse();
    Reply moved = server.post(replay, "{\"version\":\"20260101.2\"}");
    assertThat(run(moved.json().get("id").asString()).get("version").asString())
        .isEqualTo("20260101.2");
    Reply refused = server.post(replay, "{\"version\":\"20260101.3\"}");
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.error())
        .isEqualTo("Task locked to version '20260101.3', but no worker found with that version.");
    assertThat(server.post(replay, "{\"version\":3}").error())
        .isEqualTo("Validation error: version: must be a string");
  }
}

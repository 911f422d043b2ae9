package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A worker that returns after its lease lapsed, with hand-written protocol requests. */
class LateReportTest {
  private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    server =
        TestServer.start(config ->
            config
                .with(SESSION_LEASE, Duration.ofSeconds(1))
                .with(POLL_WAIT, Duration.ofMillis(500)));
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static String open() {
    return server
        .post(
            "/worker/v1/sessions",
            "{\"name\":\"w\",\"version\":\"1\",\"slots\":5,\"tasks\":[{\"id\":\"late\"}]}")
        .json()
        .get("sessionId")
        .asString();
  }

  private static JsonNode poll(String session) {
    return server.post("/worker/v1/sessions/" + session + "/poll", "{\"slots\":5}").json();
  }

  private static Reply finish(String session, String run, int fence, String output) {
    return server.post(
        "/worker/v1/sessions/" + session + "/reports",
        "{\"finished\":[{\"runId\":\""
            + run
            + "\",\"fence\":"
            + fence
            + ",\"attempt\":1,\"durationMillis\":1,\"output\":\""
            + output
            + "\"}]}");
  }

  @Test
  void HBT_07_a_report_after_the_lease_ended_is_refused_and_changes_nothing() {
    String first = open();
    String run = server.post("/api/v1/tasks/late/trigger", "{}").json().get("id").asString();
    assertThat(poll(first).at("/assignments/0/runId").asString()).isEqualTo(run);
    // The first worker is silent for longer than its lease, so another one gets the run, once the
    // server has been in contact with the database for ten seconds.
    String[] second = new String[1];
    Await.until(
        "the run is handed to another worker",
        Duration.ofSeconds(60),
        () -> {
          second[0] = open();
          return poll(second[0]).get("assignments").size() == 1;
        });
    assertThat(finish(first, run, 1, "1").status()).isEqualTo(410);
    // The fence of the first claim is rejected from every session.
    Reply stale = finish(second[0], run, 1, "1");
    assertThat(stale.json().at("/lost/0/runId").asString()).isEqualTo(run);
    Reply valid = finish(second[0], run, 2, "2");
    assertThat(valid.json().get("lost")).isEmpty();
    JsonNode stored = server.get("/api/v3/runs/" + run).json();
    assertThat(stored.get("status").asString()).isEqualTo("COMPLETED");
    assertThat(stored.get("output").asInt()).isEqualTo(2);
  }
}

package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.TestDatabase;
import dev.fanfare.testkit.WireCounter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a trigger costs does not grow with the number of idle workers. */
@Timeout(180)
class IdleSessionsTest {
  private static final int SESSIONS = 100;
  private static final int TRIGGERS = 50;
  private static final Duration BOUND = Duration.ofSeconds(60);

  @Test
  void CON_17_a_trigger_wakes_one_of_many_idle_sessions() throws IOException {
    TestDatabase database = MigratedDatabase.create();
    URI direct = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    try (WireCounter counter = WireCounter.start(direct.getPort())) {
      String url = "jdbc:postgresql://127.0.0.1:" + counter.port() + direct.getPath();
      try (TestServer server =
              TestServer.start(
                  database,
                  config ->
                      config
                          .with(
                              DATABASE_URL,
                              new DatabaseUrl(url, database.user(), database.password()))
                          .with(POLL_WAIT, Duration.ofMinutes(10))
                          .with(SESSION_LEASE, Duration.ofHours(1)));
          HttpClient http = HttpClient.newHttpClient()) {
        List<CompletableFuture<HttpResponse<String>>> polls = new ArrayList<>();
        for (int i = 0; i < SESSIONS; i++) {
          polls.add(poll(http, server, open(server)));
        }
        AtomicLong first = new AtomicLong();
        Await.until("all to poll", BOUND, () -> first.addAndGet(claims(counter)) >= SESSIONS);
        long began = System.nanoTime();
        for (int i = 1; i <= TRIGGERS; i++) {
          int answered = i;
          assertThat(server.post("/api/v1/tasks/echo/trigger", "{}").status()).isEqualTo(200);
          Await.until(
              "a session to get the run",
              BOUND,
              () -> polls.stream().filter(CompletableFuture::isDone).count() >= answered);
        }
        long claims = claims(counter);
        long seconds = Duration.ofNanos(System.nanoTime() - began).toSeconds();
        // All idle sessions look every ten seconds, if there is a run at that moment.
        assertThat(claims)
            .as("claims for %d triggers in %d s", TRIGGERS, seconds)
            .isLessThan(SESSIONS * (seconds / 10 + 1) + 2 * seconds + 4 * TRIGGERS);
        server.server.close(); // ends the polls
      }
    }
  }

  private static String open(TestServer server) {
    String worker =
        "{\"name\":\"worker\",\"version\":\"1\",\"slots\":1,\"tasks\":[{\"id\":\"echo\"}]}";
    return server.post("/worker/v1/sessions", worker).json().get("sessionId").asString();
  }

  private static CompletableFuture<HttpResponse<String>> poll(
      HttpClient http, TestServer server, String session) {
    return http.sendAsync(
        HttpRequest.newBuilder(
                URI.create(server.server.url() + "/worker/v1/sessions/" + session + "/poll"))
            .header("Authorization", "Bearer " + server.key)
            .POST(HttpRequest.BodyPublishers.ofString("{\"slots\":1}"))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** How often a claim looked for lanes since this was last called. */
  private static long claims(WireCounter counter) {
    return counter.takeTransactions().stream()
        .flatMap(transaction -> transaction.statements().stream())
        .filter(sql -> sql.contains("with recursive worker"))
        .count();
  }
}

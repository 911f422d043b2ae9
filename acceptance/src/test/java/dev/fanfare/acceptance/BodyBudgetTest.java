package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.BATCH_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.BODIES_IN_FLIGHT_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.BODY_READ_TIMEOUT;
import static dev.fanfare.server.config.ServerSettings.ITEM_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.OUTPUT_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.PACKET_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.REPORT_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.TRIGGER_BODY_BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.RawSocket.Answer;
import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** All request bodies share a memory budget; requests beyond it are rejected with a 503. */
class BodyBudgetTest {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final String TRIGGER = "/api/v1/tasks/echo/trigger";

  /** The size of the longest body and of the budget; not a multiple of any buffer size. */
  private static final int BUDGET = 200_000;

  private static final int SMALL = 20;

  private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    server =
        TestServer.start(config ->
            config
                .with(ITEM_BYTES_MAX, BUDGET)
                .with(OUTPUT_BYTES_MAX, BUDGET)
                .with(TRIGGER_BODY_BYTES_MAX, BUDGET)
                .with(BATCH_BODY_BYTES_MAX, BUDGET)
                .with(REPORT_BODY_BYTES_MAX, BUDGET)
                .with(PACKET_BYTES_MAX, BUDGET)
                .with(BODIES_IN_FLIGHT_BYTES_MAX, (long) BUDGET)
                .with(BODY_READ_TIMEOUT, Duration.ofSeconds(2)));
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static String body(int bytes) {
    String frame = "{\"payload\":\"\"}";
    return "{\"payload\":\"" + "p".repeat(bytes - frame.length()) + "\"}";
  }

  private static Reply small() {
    return server.post(TRIGGER, body(SMALL));
  }

  private static RawSocket sent(int announced, int sent) {
    return RawSocket.to(server.server.url())
        .send(
            "POST "
                + TRIGGER
                + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
                + server.key
                + "\r\nContent-Length: "
                + announced
                + "\r\n\r\n"
                + body(announced).substring(0, sent));
  }

  /**
   * Opens a request that has sent the first {@code sent} bytes of a body of 190,000, and whose
   * share of the budget leaves no space for a body of {@code refused} bytes.
   */
  private static RawSocket holder(int sent, int refused) {
    RawSocket[] holder = new RawSocket[1];
    Await.until(
        "the budget is spent",
        BOUND,
        () -> {
          RawSocket socket = sent(190_000, sent);
          server.get("/health/live");
          if (server.post(TRIGGER, body(refused)).status() == 503) {
            holder[0] = socket;
            return true;
          }
          // The server has not read the body yet, or the other request came first: finish and
          // retry.
          socket.send(body(190_000).substring(sent)).read();
          socket.close();
          return false;
        });
    return holder[0];
  }

  /** After each test, the whole budget must be available to a single body again. */
  @AfterEach
  void the_whole_budget_is_released() {
    Await.until("others let go", BOUND, () -> small().status() == 200);
    assertThat(server.post(TRIGGER, body(BUDGET)).status()).isEqualTo(200);
  }

  @Test
  void when_it_is_exhausted_others_get_a_503_until_the_request_ends() {
    try (RawSocket holder = holder(180_000, SMALL)) {
      Reply refused = small();
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("Retry-After")).isEqualTo("1");
      assertThat(refused.error()).contains("too many request bodies");
      // Requests without a body are served.
      assertThat(server.get("/api/v1/runs").status()).isEqualTo(200);

      Answer answer = holder.send(body(190_000).substring(180_000)).read();
      assertThat(answer).extracting(Answer::status).isEqualTo(200);
      assertThat(small().status()).isEqualTo(200);
    }
  }

  @Test
  void a_request_rejected_halfway_releases_its_share() {
    try (RawSocket holder = holder(30_000, 150_000)) {
      for (int i = 0; i < 20; i++) {
        assertThat(server.post(TRIGGER, body(150_000)).status()).isEqualTo(503);
        assertThat(small().status()).isEqualTo(200);
      }
      Answer answer = holder.send(body(190_000).substring(30_000)).read();
      assertThat(answer).extracting(Answer::status).isEqualTo(200);
    }
  }

  @Test
  void a_client_that_disconnects_releases_its_share() {
    try (RawSocket holder = holder(180_000, SMALL)) {
      holder.close();
      Await.until("the share is back", BOUND, () -> small().status() == 200);
    }
  }

  @Test
  void a_client_that_stops_sending_loses_its_share() {
    try (RawSocket holder = holder(180_000, SMALL)) {
      Await.until("the share is back", BOUND, () -> small().status() == 200);
      Answer answer = holder.read();
      assertThat(answer == null || answer.status() == 400).isTrue();
    }
  }

  @Test
  void announced_but_unsent_bytes_take_nothing_from_the_budget() {
    try (RawSocket first = sent(BUDGET, 0);
        RawSocket second = sent(BUDGET, 0)) {
      assertThat(server.post(TRIGGER, body(BUDGET)).status()).isEqualTo(200);
      assertThat(small().status()).isEqualTo(200);
      first.endOutput().read();
      second.endOutput().read();
    }
  }
}

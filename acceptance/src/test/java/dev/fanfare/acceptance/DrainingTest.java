package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;
import static dev.fanfare.server.config.ServerSettings.SHUTDOWN_GRACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.acceptance.RawSocket.Answer;
import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.testkit.Await;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How a stopping server handles requests. */
class DrainingTest {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final String BATCH = "/api/v1/tasks/echo/batch";
  private static final int ITEMS = 500;
  private static final String BODY =
      IntStream.range(0, ITEMS)
          .mapToObj(i -> "{\"payload\":\"" + "p".repeat(1_000) + i + "\"}")
          .collect(Collectors.joining(",", "{\"items\":[", "]}"));
  private static final int HALF = BODY.length() / 2;

  /** A batch of which the first half was sent, and which a handler is already reading. */
  private static RawSocket halfSent(TestServer server) {
    RawSocket socket =
        RawSocket.to(server.server.url())
            .send(
                "POST "
                    + BATCH
                    + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
                    + server.key
                    + "\r\nExpect: 100-continue\r\nContent-Length: "
                    + BODY.length()
                    + "\r\n\r\n");
    // The server sends 100 Continue when its handler begins to read the body.
    assertThat(socket.read()).extracting(Answer::status).isEqualTo(100);
    return socket.send(BODY.substring(0, HALF));
  }

  private static int storedRuns(TestServer server) throws SQLException {
    return count(server, "select count(*) from runs where batch_id is not null");
  }

  private static int count(TestServer server, String query) throws SQLException {
    try (Connection connection = server.database.connect();
        Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery(query)) {
      assertThat(count.next()).isTrue();
      return count.getInt(1);
    }
  }

  private static void awaitRefusal(TestServer server) {
    Await.until(
        "new requests are refused", BOUND, () -> server.get("/api/v1/runs").status() == 503);
  }

  @Test
  void a_request_in_flight_completes_while_new_ones_are_rejected() throws Exception {
    try (TestServer server = TestServer.start();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        RawSocket slow = halfSent(server)) {
      URI url = server.server.url();
      Future<?> closed = threads.submit(server.server::close);
      awaitRefusal(server);

      Reply refused = server.post("/api/v1/tasks/echo/trigger", "{}");
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("Retry-After")).isEqualTo("1");
      assertThat(refused.error()).isEqualTo("The server is stopping");
      assertThat(server.get("/health/live").status()).isEqualTo(200);
      assertThat(server.get("/health/ready").status()).isEqualTo(503);
      assertThat(closed.isDone()).isFalse();

      Answer answer = slow.send(BODY.substring(HALF)).read();
      assertThat(answer).extracting(Answer::status).isEqualTo(200);
      closed.get(BOUND.toSeconds(), TimeUnit.SECONDS);
      assertThatThrownBy(() -> RawSocket.to(url)).hasMessageContaining("refused");
      assertThat(storedRuns(server)).isEqualTo(ITEMS);
    }
  }

  @Test
  void a_request_that_exceeds_the_grace_period_is_cut_off_and_stores_nothing() throws Exception {
    try (TestServer server =
            TestServer.start(config -> config.with(SHUTDOWN_GRACE, Duration.ofMillis(1)));
        RawSocket slow = halfSent(server)) {
      server.server.close();
      Answer answer = slow.send(BODY.substring(HALF)).read();
      assertThat(answer == null || answer.status() >= 400).isTrue();
      assertThat(storedRuns(server)).isZero();
    }
  }

  @Test
  void a_pending_poll_returns_at_once_and_does_not_delay_the_shutdown() throws Exception {
    try (TestServer server =
            TestServer.start(config ->
                config
                    .with(POLL_WAIT, Duration.ofHours(1))
                    .with(SESSION_LEASE, Duration.ofHours(10))
                    .with(SHUTDOWN_GRACE, Duration.ofHours(1)));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      String session =
          server
              .post(
                  "/worker/v1/sessions",
                  "{\"name\":\"w\",\"version\":\"1\",\"slots\":1,\"tasks\":[{\"id\":\"echo\"}]}")
              .json()
              .get("sessionId")
              .asString();
      String poll = "/worker/v1/sessions/" + session + "/poll";
      try (RawSocket worker = RawSocket.to(server.server.url())) {
        worker.send(
            "POST "
                + poll
                + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
                + server.key
                + "\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
        assertThat(worker.read()).extracting(Answer::status).isEqualTo(100);
        worker.send("{\"slots\":1}");
        Future<?> closed = threads.submit(server.server::close);
        Answer answer = worker.read();
        assertThat(answer).extracting(Answer::status).isEqualTo(200);
        closed.get(BOUND.toSeconds(), TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void CON_13_closing_twice_even_concurrently_closes_every_connection_once() throws Exception {
    try (TestServer server = TestServer.start();
        RawSocket idle = RawSocket.to(server.server.url())) {
      URI url = server.server.url();
      idle.send("GET /health/ready HTTP/1.1\r\nHost: h\r\n\r\n");
      assertThat(idle.read()).extracting(Answer::status).isEqualTo(200);
      assertThat(databaseConnections(server)).isPositive();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<?>> closings = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
          closings.add(threads.submit(server.server::close));
        }
        for (Future<?> closing : closings) {
          closing.get(BOUND.toSeconds(), TimeUnit.SECONDS);
        }
      }
      server.server.close();
      assertThat(idle.read()).isNull();
      assertThatThrownBy(() -> RawSocket.to(url)).hasMessageContaining("refused");
      Await.until("PostgreSQL has noticed", BOUND, () -> databaseConnections(server) == 0);
    }
  }

  /** The number of connections to the server's database, except the one that counts them. */
  private static int databaseConnections(TestServer server) throws SQLException {
    return count(
        server,
        """
        select count(*)
          from pg_stat_activity
         where datname = current_database()
           and pid <> pg_backend_pid()
        """);
  }
}

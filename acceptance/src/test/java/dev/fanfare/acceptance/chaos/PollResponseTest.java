package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.chaos.BrokenWire.Verdict;
import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/**
 * HBT-11: runs whose worker does not learn of them are executed at once, and count no loss. The
 * server would reclaim them only after {@link #BOUND}.
 */
@Timeout(120)
class PollResponseTest {
  /** Shorter than the lease and the limit for starts. */
  private static final Duration BOUND = Duration.ofSeconds(15);

  /**
   * A worker notices within 10 s that its poll is silent. The server is silent for 30 s at most.
   */
  private static final Duration DEAD_BOUND = Duration.ofSeconds(25);

  private static final Task<Integer, Integer> ECHO =
      Task.define("echo", Integer.class, Integer.class).handler((payload, run) -> payload);

  private LocalServer server;
  private Fanfare fanfare;

  @BeforeEach
  void start() {
    server = LocalServer.start(UnaryOperator.identity());
    fanfare = server.client();
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void runs_in_a_response_that_was_cut_off_are_executed_at_once() throws Exception {
    LeaseHistory history = LeaseHistory.install(server::connect);
    open(); // declares the task
    BatchHandle batch = fanfare.batchTrigger(ECHO, Collections.nCopies(50, 1));
    try (BrokenWire wire = new BrokenWire(server.port())) {
      wire.loseAnswers("/poll HTTP", 2);
      try (Worker worker = Worker.builder(LocalServer.client(wire.port())).task(ECHO).start()) {
        assertThat(fanfare.batches().await(batch.id(), BOUND).status())
            .isEqualTo(BatchStatus.COMPLETED);
        assertThat(wire.lost()).isEqualTo(2);
      }
    }
    history.assertAllCompletedOnce();
  }

  @Test
  void runs_in_a_response_on_a_dead_connection_are_executed_soon() throws Exception {
    LeaseHistory history = LeaseHistory.install(server::connect);
    try (BrokenWire wire = new BrokenWire(server.port())) {
      AtomicInteger blanks = new AtomicInteger();
      wire.disturb((request, bytes) -> {
        if (!request && bytes.endsWith("1\r\n \r\n")) {
          blanks.incrementAndGet();
        }
        return Verdict.PASS;
      });
      try (Worker worker = Worker.builder(LocalServer.client(wire.port())).task(ECHO).start()) {
        Await.until("a poll to wait", DEAD_BOUND, () -> blanks.get() >= 3);
        wire.abandon();
        BatchHandle batch = fanfare.batchTrigger(ECHO, Collections.nCopies(50, 1));
        Await.until(
            "the poll to claim the runs",
            DEAD_BOUND,
            () -> server.number("select count(*) from leases where fence = 1") > 0);
        assertThat(fanfare.batches().await(batch.id(), DEAD_BOUND).status())
            .isEqualTo(BatchStatus.COMPLETED);
      }
    }
    history.assertAllCompletedOnce();
  }

  @Test
  void nothing_is_held_for_a_worker_that_died_while_it_polled() throws Exception {
    SessionResponse dead = open();
    try (Socket socket = poll(dead, 500)) {
      assertThat(firstOfBody(socket)).as("a blank, while the poll waits").isEqualTo(' ');
    }
    BatchHandle batch = fanfare.batchTrigger(ECHO, Collections.nCopies(50, 1));
    try (Worker worker = Worker.builder(fanfare).task(ECHO).start()) {
      assertThat(fanfare.batches().await(batch.id(), BOUND).status())
          .isEqualTo(BatchStatus.COMPLETED);
      assertThat(server.number("select count(*) from leases")).isZero();
    }
  }

  /** The body of a response that waits is JSON with blanks before it. */
  @Test
  void a_poll_that_waited_is_answered() throws Exception {
    SessionResponse session = open();
    try (HttpClient http = HttpClient.newHttpClient()) {
      var answer =
          http.sendAsync(
              request("/worker/v1/sessions/" + session.sessionId() + "/poll", "{\"slots\":5}"),
              HttpResponse.BodyHandlers.ofString());
      BatchHandle batch = fanfare.batchTrigger(ECHO, List.of(1));
      String body = answer.get(BOUND.toSeconds(), TimeUnit.SECONDS).body();
      JsonNode first = WireJson.mapper().readTree(body).at("/assignments/0");
      assertThat(first.path("batchId").asString()).isEqualTo(batch.id());
    }
  }

  private SessionResponse open() throws Exception {
    SessionRequest introduction =
        new SessionRequest(
            "raw", "1", 500, List.of(new TaskDefinition("echo", null, null, null, null)));
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpResponse<String> opened =
          http.send(
              request("/worker/v1/sessions", WireJson.mapper().writeValueAsString(introduction)),
              HttpResponse.BodyHandlers.ofString());
      return WireJson.mapper().readValue(opened.body(), SessionResponse.class);
    }
  }

  private HttpRequest request(String path, String body) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
        .header("Authorization", "Bearer " + LocalServer.key())
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private Socket poll(SessionResponse session, int slots) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout((int) BOUND.toMillis());
    String body = "{\"slots\":" + slots + "}";
    String request =
        """
        POST /worker/v1/sessions/%s/poll HTTP/1.1
        Host: localhost
        Authorization: Bearer %s
        Content-Length: %d

        %s\
        """
            .formatted(session.sessionId(), LocalServer.key(), body.length(), body)
            .replace("\n", "\r\n");
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  /** Reads headers and the size of the first chunk, and returns its first byte. */
  private static int firstOfBody(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    String line;
    do {
      line = line(in);
    } while (!line.isEmpty());
    line(in);
    return in.read();
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}

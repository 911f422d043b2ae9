package dev.fanfare.server.http;

import static dev.fanfare.server.config.ServerSettings.PORT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.testkit.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A handler that works for long and looks from time to time whether anybody waits. */
@Timeout(120)
class GoneClientTest {
  private static final Duration BOUND = Duration.ofSeconds(30);

  private final AtomicInteger looks = new AtomicInteger();
  private final ConcurrentLinkedQueue<String> ends = new ConcurrentLinkedQueue<>();
  private volatile boolean done;
  private HttpServer server;

  @BeforeEach
  void start() {
    server =
        HttpServer.start(
            ServerConfig.defaults().with(PORT, 0),
            List.of(
                new Route("GET", "/long", Access.open(), this::workLong),
                new Route(
                    "GET", "/short", Access.open(), exchange -> Response.json(200, Map.of()))),
            new HttpServer.Failures() {
              @Override
              public Response handle(Throwable failure) {
                return Response.error(500, failure.toString());
              }

              @Override
              public void cutOff(Throwable failure) {
                ends.add("cut off: " + failure);
              }
            });
  }

  @AfterEach
  void stop() {
    done = true;
    server.stop();
  }

  private Response workLong(Exchange exchange) {
    try {
      while (!done) {
        exchange.requireClient();
        looks.incrementAndGet();
        Thread.onSpinWait();
      }
    } catch (HttpError e) {
      ends.add("gone: " + e.response().status());
      throw e;
    }
    ends.add("done");
    return Response.json(200, Map.of("long", true));
  }

  private Socket send(String... paths) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    send(socket, paths);
    return socket;
  }

  private static void send(Socket socket, String... paths) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String path : paths) {
      text.append("GET ").append(path).append(" HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    socket.getOutputStream().write(text.toString().getBytes(StandardCharsets.US_ASCII));
  }

  private static BufferedReader reader(Socket socket) throws IOException {
    return new BufferedReader(
        new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
  }

  /** Reads a response up to the end of its head, and returns its first line. */
  private static String readStatus(BufferedReader in) throws IOException {
    String status = in.readLine();
    int length = 0;
    for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
      if (line.startsWith("Content-Length: ")) {
        length = Integer.parseInt(line.substring("Content-Length: ".length()));
      }
    }
    assertThat(in.skip(length)).isEqualTo(length);
    return status;
  }

  private void awaitLooks(int more) {
    int before = looks.get();
    Await.until("the handler to look", BOUND, () -> looks.get() >= before + more);
  }

  @Test
  void the_work_ends_when_the_client_closes_the_connection() throws Exception {
    try (Socket _ = send("/long")) {
      awaitLooks(1_000);
      assertThat(ends).isEmpty();
    }
    Await.until("the handler to end", BOUND, () -> !ends.isEmpty());
    assertThat(ends).containsExactly("gone: 499");
  }

  @Test
  void a_client_that_only_closes_its_sending_half_is_told() throws Exception {
    try (Socket socket = send("/long")) {
      awaitLooks(10);
      socket.shutdownOutput();
      BufferedReader in = reader(socket);
      assertThat(readStatus(in)).contains(" 499 ");
      assertThat(in.readLine()).isNull();
    }
  }

  @Test
  void the_connection_of_a_client_that_waited_serves_further_requests() throws Exception {
    try (Socket socket = send("/long")) {
      awaitLooks(1_000);
      done = true;
      BufferedReader in = reader(socket);
      assertThat(readStatus(in)).contains(" 200 ");
      for (int i = 0; i < 3; i++) {
        send(socket, "/short");
        assertThat(readStatus(in)).contains(" 200 ");
        send(socket, "/long");
        assertThat(readStatus(in)).contains(" 200 ");
      }
    }
  }

  @Test
  void a_request_that_was_sent_ahead_is_served_afterwards() throws Exception {
    try (Socket socket = send("/long")) {
      awaitLooks(10);
      send(socket, "/short", "/short");
      awaitLooks(1_000);
      done = true;
      BufferedReader in = reader(socket);
      for (int i = 0; i < 3; i++) {
        assertThat(readStatus(in)).contains(" 200 ");
      }
    }
    assertThat(ends).containsExactly("done");
  }

  @Test
  void the_server_stops_while_a_connection_that_was_looked_at_is_idle() throws Exception {
    try (Socket socket = send("/long")) {
      awaitLooks(1_000);
      done = true;
      BufferedReader in = reader(socket);
      assertThat(readStatus(in)).contains(" 200 ");
      server.stop();
      assertThat(in.readLine()).isNull();
    }
  }
}

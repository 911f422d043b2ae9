package dev.fanfare.server.http;

import static dev.fanfare.server.config.ServerSettings.PORT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that fail while they are sent. */
@Timeout(120)
class StreamedResponseTest {
  private static final Duration BOUND = Duration.ofSeconds(30);

  /** More than all buffers of the server. */
  private static final int LONG = 1024 * 1024;

  private static final int PART = 16 * 1024;

  /** The strong reference keeps the handler at the logger. */
  private static final Logger HELIDON = Logger.getLogger("io.helidon");

  private final ConcurrentLinkedQueue<String> logged = new ConcurrentLinkedQueue<>();
  private final Handler log = new Records();
  private final Recorded failures = new Recorded();
  private final AtomicBoolean clientGone = new AtomicBoolean();
  private HttpServer server;

  private final class Records extends Handler {
    @Override
    public void publish(LogRecord record) {
      logged.add(record.getLoggerName() + ": " + record.getMessage());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  private static final class Recorded implements HttpServer.Failures {
    final ConcurrentLinkedQueue<Throwable> handled = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<Throwable> cutOff = new ConcurrentLinkedQueue<>();

    @Override
    public Response handle(Throwable failure) {
      handled.add(failure);
      return Response.error(503, "try again soon").with("Retry-After", "1");
    }

    @Override
    public void cutOff(Throwable failure) {
      cutOff.add(failure);
    }
  }

  @BeforeEach
  void start() {
    server =
        HttpServer.start(
            ServerConfig.defaults().with(PORT, 0),
            List.of(
                route("/before", out -> fail()),
                route(
                    "/buffered",
                    out -> {
                      write(out, 10);
                      fail();
                    }),
                route(
                    "/after",
                    out -> {
                      write(out, LONG);
                      fail();
                    }),
                route(
                    "/error",
                    out -> {
                      write(out, LONG);
                      throw new OutOfMemoryError("on purpose");
                    }),
                route("/endless", this::writeUntilTheClientIsGone),
                new Route(
                    "GET",
                    "/good",
                    Access.open(),
                    exchange -> Response.json(200, Map.of("good", true)))),
            failures);
    HELIDON.addHandler(log);
  }

  @AfterEach
  void stop() {
    HELIDON.removeHandler(log);
    server.stop();
  }

  private static Route route(String path, Response.Streamed body) {
    return new Route("GET", path, Access.open(), exchange -> Response.stream(200, body));
  }

  private static void fail() {
    throw new IllegalStateException("on purpose");
  }

  /** In parts, since a body of one part is sent at its end. */
  private static void write(OutputStream out, int bytes) {
    try {
      for (int rest = bytes; rest > 0; rest -= PART) {
        out.write("x".repeat(Math.min(PART, rest)).getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void writeUntilTheClientIsGone(OutputStream out) {
    try {
      while (true) {
        write(out, LONG);
      }
    } finally {
      clientGone.set(true);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/after", "/error"})
  void a_body_that_fails_after_its_beginning_is_cut_off_and_noted_once(String path)
      throws Exception {
    String received = exchange("GET " + path + " HTTP/1.1");
    assertThat(received).startsWith("HTTP/1.1 200").doesNotEndWith("\r\n0\r\n\r\n");
    assertThat(received.replaceAll("[^x]", "")).hasSizeGreaterThan(LONG / 2);
    assertThat(failures.cutOff).hasSize(1);
    assertThat(failures.handled).isEmpty();
    assertThat(logged).isEmpty();
  }

  @Test
  void a_body_that_fails_after_its_beginning_is_cut_off_in_HTTP_1_0() throws Exception {
    String received = exchange("GET /after HTTP/1.0");
    assertThat(received).contains(" 200 ").containsOnlyOnce("HTTP/1.");
    assertThat(failures.cutOff).hasSize(1);
    assertThat(logged).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/before", "/buffered"})
  void a_body_that_fails_before_its_beginning_becomes_the_response_to_the_failure(String path)
      throws Exception {
    for (String request : List.of("GET " + path + " HTTP/1.1", "GET " + path + " HTTP/1.0")) {
      assertThat(exchange(request, "GET /good HTTP/1.1"))
          .as(request)
          .contains(" 503 ", "Retry-After: 1", "{\"error\":\"try again soon\"}")
          .doesNotContain("500");
    }
    assertThat(exchange("HEAD " + path + " HTTP/1.1")).contains(" 503 ").doesNotContain("{");
    assertThat(failures.handled).hasSize(3);
    assertThat(failures.cutOff).isEmpty();
    assertThat(logged).isEmpty();
  }

  @Test
  void the_connection_can_be_used_after_the_response_to_a_failure() throws Exception {
    assertThat(exchange("GET /before HTTP/1.1", "GET /good HTTP/1.1"))
        .contains(" 503 ", " 200 ", "{\"good\":true}");
  }

  @Test
  void nothing_is_noted_if_the_client_leaves() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "GET /endless HTTP/1.1");
      assertThat(socket.getInputStream().read()).isEqualTo('H');
    }
    Await.until("the server to notice", BOUND, clientGone::get);
    assertThat(exchange("GET /good HTTP/1.1")).contains(" 200 ");
    assertThat(failures.cutOff).isEmpty();
    assertThat(failures.handled).isEmpty();
    assertThat(logged).isEmpty();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout((int) BOUND.toMillis());
    return socket;
  }

  private static void send(Socket socket, String requestLine) throws IOException {
    socket
        .getOutputStream()
        .write((requestLine + "\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  /** Sends requests, the last of which ends the connection; returns all that the server sent. */
  private String exchange(String... requestLines) throws IOException {
    try (Socket socket = connect()) {
      for (String line : requestLines) {
        boolean last = Objects.equals(line, requestLines[requestLines.length - 1]);
        send(socket, last ? line + "\r\nConnection: close" : line);
      }
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }
  }
}

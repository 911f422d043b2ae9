package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.BODY_READ_TIMEOUT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.RawSocket.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Malformed HTTP costs its sender the connection, and affects no one else. */
class MalformedRequestsTest {
  @AutoClose private static final TestServer server = TestServer.start();

  private static final String END = "\r\n\r\n";
  private static final String CHUNKED = "Transfer-Encoding: chunked" + END;
  private static final String CHUNKED_BODY = "2\r\n{}\r\n0" + END;
  private static final String LENGTH = "Content-Length: 2";

  /**
   * The following texts are appended to {@code POST /api/v1/tasks/t/trigger} with its {@code Host}
   * and a valid key. {@code SMUGGLED} is a second, complete and valid trigger request.
   */
  static Stream<Arguments> framings() {
    return Stream.of(
        Arguments.of("a size that is not a number", CHUNKED + "zz\r\nSMUGGLED"),
        Arguments.of("a size with a prefix", CHUNKED + "0x2\r\n{}\r\n0" + END + "SMUGGLED"),
        Arguments.of("a size with a sign", CHUNKED + "-2\r\n{}\r\n0" + END + "SMUGGLED"),
        Arguments.of("a size behind a blank", CHUNKED + " 2\r\n{}\r\n0" + END + "SMUGGLED"),
        Arguments.of("a size of terabytes", CHUNKED + "ffffffffffff\r\n{}\r\n0" + END),
        Arguments.of("a size beyond 64 bits", CHUNKED + "ffffffffffffffffffff\r\n{}\r\n0" + END),
        Arguments.of("a size without a carriage return", CHUNKED + "2\n{}\n0\n\nSMUGGLED"),
        Arguments.of("a chunk longer than its size", CHUNKED + "2\r\n{}X\r\n0" + END),
        Arguments.of("a length and chunks", LENGTH + "\r\n" + CHUNKED + CHUNKED_BODY + "SMUGGLED"),
        Arguments.of(
            "chunks and a length",
            "Transfer-Encoding: chunked\r\nContent-Length: 7" + END + CHUNKED_BODY + "SMUGGLED"),
        Arguments.of("two lengths", LENGTH + "\r\nContent-Length: 3" + END + "{} SMUGGLED"),
        Arguments.of("the same length twice", LENGTH + "\r\n" + LENGTH + END + "{}SMUGGLED"),
        Arguments.of("a list of lengths", "Content-Length: 2, 3" + END + "{} SMUGGLED"),
        Arguments.of("a negative length", "Content-Length: -1" + END + "SMUGGLED"),
        Arguments.of("a length with a sign", "Content-Length: +2" + END + "{}SMUGGLED"),
        Arguments.of("a length in words", "Content-Length: two" + END + "{}SMUGGLED"),
        Arguments.of("a length beyond 64 bits", "Content-Length: 99999999999999999999" + END),
        Arguments.of("another coding", "Transfer-Encoding: gzip" + END + "{}SMUGGLED"),
        Arguments.of("a second coding", "Transfer-Encoding: gzip, chunked" + END + CHUNKED_BODY),
        Arguments.of("nearly chunked", "Transfer-Encoding: xchunked" + END + CHUNKED_BODY),
        Arguments.of(
            "chunked and identity",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" + END + CHUNKED_BODY),
        Arguments.of(
            "a blank before the colon", "Transfer-Encoding : chunked" + END + CHUNKED_BODY),
        Arguments.of("a folded header", "X: y\r\n folded\r\n" + LENGTH + END + "{}SMUGGLED"),
        Arguments.of("a first line that is folded", " folded: x\r\n" + LENGTH + END + "{}"),
        Arguments.of("a header without a colon", "No colon here\r\n" + LENGTH + END + "{}"),
        Arguments.of("U+0000 in a header", "Zero: a\0b\r\n" + LENGTH + END + "{}"),
        Arguments.of("a bare carriage return", "Cr: a\rb\r\n" + LENGTH + END + "{}"),
        Arguments.of("a bare line feed", LENGTH + "\nX: y" + END + "{}"),
        Arguments.of("an end of bare line feeds", LENGTH + "\n\n{}SMUGGLED"),
        Arguments.of("a second host", "Host: other\r\n" + LENGTH + END + "{}"),
        Arguments.of("one giant header", "X: " + "y".repeat(40_000) + "\r\n" + LENGTH + END + "{}"),
        Arguments.of("too many headers", "X: y\r\n".repeat(20_000) + LENGTH + END + "{}"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("framings")
  void a_request_with_an_ambiguous_end_is_rejected_with_everything_after_it(
      String name, String rest) {
    String smuggled =
        "POST /api/v1/tasks/smuggled/trigger HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
            + server.key
            + "\r\nContent-Length: 2\r\n\r\n{}";
    String head =
        "POST /api/v1/tasks/t/trigger HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
            + server.key
            + "\r\n";
    refused(head + rest.replace("SMUGGLED", smuggled));
  }

  static Stream<Arguments> requests() {
    String rest = " HTTP/1.1\r\nHost: h" + END;
    return Stream.of(
        Arguments.of("no HTTP at all", "GARBAGE" + END),
        Arguments.of("nothing but an end", END),
        Arguments.of("the beginning of TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001"),
        Arguments.of("HTTP/2 by prior knowledge", "PRI * HTTP/2.0" + END + "SM" + END),
        Arguments.of("an invalid version", "GET /health/live HTTP/9\r\nHost: h" + END),
        Arguments.of("bare line feeds", "GET /health/live HTTP/1.1\nHost: h\n\n"),
        Arguments.of("no host", "GET /health/live HTTP/1.1" + END),
        Arguments.of("an invalid host", "GET /health/live HTTP/1.1\r\nHost: a b/c" + END),
        Arguments.of("an absolute target of another scheme", "GET ftp://h/health/live" + rest),
        Arguments.of("an asterisk", "GET *" + rest),
        Arguments.of("an authority", "CONNECT h:1" + rest),
        Arguments.of("no target", "GET " + rest),
        Arguments.of("a target without its slash", "GET health/live" + rest),
        Arguments.of("a target of two slashes", "GET //health/live" + rest),
        Arguments.of("a target that goes up", "GET /x/../health/live" + rest),
        Arguments.of("a blank in the target", "GET /health/live /x" + rest),
        Arguments.of("a control character in it", "GET /health/\u0001live" + rest),
        Arguments.of("half an escape in it", "GET /api/v3/runs/%z" + rest),
        Arguments.of("half an escape in the query", "GET /api/v1/runs?filter[tag]=%" + rest),
        Arguments.of("marks in the query", "GET /api/v1/runs?page[size]=\"<>|" + rest),
        Arguments.of("a target of 40 kB", "GET " + "/x".repeat(20_000) + rest),
        Arguments.of("an unknown method", "BREW /health/live" + rest),
        Arguments.of("an invalid method", "G(T /health/live" + rest));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("requests")
  void an_invalid_request_line_is_rejected(String name, String request) {
    refused(request);
  }

  /** Expects a 4xx or a closed connection, no new run, and a server that still serves requests. */
  private static void refused(String bytes) {
    int before = server.runs();
    try (RawSocket socket = RawSocket.to(server.server.url())) {
      Answer answer = socket.send(bytes).endOutput().read();
      if (answer != null) {
        assertThat(answer.status()).isBetween(400, 499);
        assertThat(answer.error()).isNotBlank();
      }
    }
    assertThat(server.get("/health/live").status()).isEqualTo(200);
    assertThat(server.runs()).isEqualTo(before);
  }

  @Test
  void nothing_is_read_after_a_request_that_closes_the_connection() {
    String trigger =
        "POST /api/v1/tasks/closing/trigger HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
            + server.key
            + "\r\nContent-Length: 2\r\n";
    try (RawSocket socket = RawSocket.to(server.server.url())) {
      socket.send(trigger + "Connection: close" + END + "{}" + trigger + END + "{}");
      assertThat(socket.read()).extracting(Answer::status).isEqualTo(200);
      assertThat(socket.read()).isNull();
    }
    String made = "/api/v1/runs?filter%5BtaskIdentifier%5D=closing";
    assertThat(server.get(made).json().get("data")).hasSize(1);
  }

  @Test
  void pipelined_requests_are_answered_in_order() {
    String head = " HTTP/1.1\r\nhost: h" + END;
    try (RawSocket socket = RawSocket.to(server.server.url())) {
      socket.send("GET /health/live" + head + "GET /nowhere" + head + "GET /health/live" + head);
      assertThat(socket.read()).extracting(Answer::status).isEqualTo(200);
      assertThat(socket.read()).extracting(Answer::status).isEqualTo(404);
      assertThat(socket.read()).extracting(Answer::status).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "POST /api/v1/ta",
        "POST /api/v1/tasks/t/trigger HTTP/1.1\r\nHost: h\r\n",
        "POST /api/v1/tasks/t/trigger HTTP/1.1\r\nHost: h\r\nAUTH\r\nContent-Length: 10\r\n\r\n{}",
        "POST /api/v1/tasks/t/trigger HTTP/1.1\r\nHost: h\r\nAUTH\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
        "POST /api/v1/tasks/t/trigger HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{}"
      })
  void a_client_that_stops_sending_is_disconnected(String bytes) throws IOException {
    try (TestServer impatient =
            TestServer.start(config -> config.with(BODY_READ_TIMEOUT, Duration.ofMillis(200)));
        RawSocket socket = RawSocket.to(impatient.server.url())) {
      socket.send(bytes.replace("AUTH", "Authorization: Bearer " + impatient.key));
      for (Answer answer = socket.read(); answer != null; answer = socket.read()) {
        assertThat(answer.status()).isBetween(400, 499);
      }
    }
  }

  private static Answer get(String target) {
    try (RawSocket socket = RawSocket.to(server.server.url())) {
      return socket
          .send(
              "GET "
                  + target
                  + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer "
                  + server.key
                  + "\r\n\r\n")
          .read();
    }
  }

  @Test
  void brackets_in_a_query_need_not_be_encoded() {
    Answer list = get("/api/v1/runs?filter[status]=QUEUED&page[size]=1");
    assertThat(list.status()).as(list.body()).isEqualTo(200);
    Answer mistake = get("/api/v1/runs?filter[status]=ASLEEP");
    assertThat(mistake.status()).isEqualTo(400);
    assertThat(mistake.body()).contains("Invalid status values: ASLEEP");
  }
}

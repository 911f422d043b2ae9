package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.BODY_READ_TIMEOUT;
import static dev.fanfare.server.config.ServerSettings.CONNECTIONS_MAX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.RawSocket.Answer;
import dev.fanfare.server.http.Route;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Forms of requests that proxies and simple clients use: HTTP/1.0, HEAD, pipelining and others. */
class HttpFormsTest {
  private static final String END = "\r\n\r\n";
  private static final int CONNECTIONS = 40;
  private static TestServer server;

  @BeforeAll
  static void start() {
    server =
        TestServer.start(config ->
            config
                .with(BODY_READ_TIMEOUT, Duration.ofSeconds(3))
                .with(CONNECTIONS_MAX, CONNECTIONS));
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static RawSocket connect() {
    return RawSocket.to(server.server.url());
  }

  private static String authorization() {
    return "\r\nAuthorization: Bearer " + server.key;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\r\nHost: h",
        "\r\nHost: h\r\nConnection: close",
        "\r\nHost: h\r\nConnection: keep-alive",
        "\r\nConnection: Keep-Alive\r\nKeep-Alive: 300"
      })
  void http_1_0_is_served_and_the_connection_closed(String headers) {
    try (RawSocket socket = connect()) {
      Answer answer = socket.send("GET /health/live HTTP/1.0" + headers + END).read();
      assertThat(answer).extracting(Answer::status).isEqualTo(200);
      assertThat(answer.headers()).containsEntry("Connection", "close");
      assertThat(answer.body()).isNotEmpty();
      assertThat(socket.readToEnd()).isEmpty();
    }
  }

  @Test
  void http_1_0_arrives_in_pieces() {
    try (RawSocket socket = connect()) {
      String request = "GET /health/live HTTP/1.0\r\nHost: h" + END;
      for (int i = 0; i < request.length(); i++) {
        socket.send(request.substring(i, i + 1));
      }
      assertThat(socket.read()).extracting(Answer::status).isEqualTo(200);
    }
  }

  @Test
  void http_1_0_has_bodies_and_errors() {
    try (RawSocket socket = connect()) {
      String head = "POST /api/v1/tasks/old/trigger HTTP/1.0" + authorization();
      Answer answer =
          socket.send(head + "\r\nContent-Length: 15" + END + "{\"payload\":123}").read();
      assertThat(answer).extracting(Answer::status).isEqualTo(200);
      assertThat(answer.body()).contains("run_");
    }
    try (RawSocket socket = connect()) {
      Answer answer = socket.send("GET /api/v1/runs HTTP/1.0" + END).read();
      assertThat(answer).extracting(Answer::status).isEqualTo(401);
      assertThat(answer.error()).isNotBlank();
    }
  }

  @Test
  void http_1_0_gets_no_chunks() {
    String batch =
        server.post("/api/v1/tasks/old/batch", "{\"items\":[{}]}").json().get("batchId").asString();
    String path = "/api/v1/batches/" + batch + "/results";
    try (RawSocket socket = connect()) {
      String answer = socket.send("GET " + path + " HTTP/1.0" + authorization() + END).readToEnd();
      assertThat(answer)
          .startsWith("HTTP/1.1 200 ")
          .doesNotContainIgnoringCase("transfer-encoding");
      assertThat(answer.substring(answer.indexOf(END) + END.length()))
          .isEqualTo(server.get(path).text());
    }
  }

  /** A body after the answer to HEAD would be read as the next answer. */
  @Test
  void head_is_get_without_a_body_on_every_route() {
    List<String> paths = new ArrayList<>(List.of("/nowhere", "/", "/api/v1/tasks/x/trigger"));
    for (Route route : server.server.routes()) {
      if (route.method().equals("GET")) {
        paths.add(
            route
                .path()
                .replace("{batch}", "batch_" + "0".repeat(25))
                .replaceAll("[{][^}]+[}]", "x"));
      }
    }
    for (String path : paths) {
      for (String credential : List.of("", authorization())) {
        try (RawSocket socket = connect()) {
          String rest = " " + path + " HTTP/1.1\r\nHost: h" + credential + END;
          Answer get = socket.send("GET" + rest).read();
          Answer head = socket.send("HEAD" + rest).readHead();
          Answer next = socket.send("GET" + rest).read();
          assertThat(head.status()).as(path).isEqualTo(get.status());
          assertThat(head.headers().keySet()).as(path).isEqualTo(get.headers().keySet());
          assertThat(next).as(path).extracting(Answer::status).isEqualTo(get.status());
        }
      }
    }
  }

  @Test
  void requests_are_answered_in_order_when_several_are_sent_at_once() {
    try (RawSocket socket = connect()) {
      String rest = " HTTP/1.1\r\nHost: h" + END;
      socket.send("GET /health/live" + rest + "HEAD /nowhere" + rest + "GET /nowhere" + rest);
      assertThat(socket.read()).extracting(Answer::status).isEqualTo(200);
      assertThat(socket.readHead().status()).isEqualTo(404);
      assertThat(socket.read()).extracting(Answer::status).isEqualTo(404);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://h", "HTTP://other:99", "https://h"})
  void a_target_may_name_scheme_and_host(String origin) {
    try (RawSocket socket = connect()) {
      Answer answer =
          socket.send("GET " + origin + "/health/live HTTP/1.1\r\nHost: h" + END).read();
      assertThat(answer).extracting(Answer::status).isEqualTo(200);
    }
  }

  @Test
  void a_client_may_ask_before_it_sends_a_body() {
    try (RawSocket socket = connect()) {
      socket.send(
          "POST /api/v1/tasks/old/trigger HTTP/1.1\r\n"
              + "Host: h\r\n"
              + "Expect: 100-continue\r\n"
              + "Content-Length: 2"
              + authorization()
              + END);
      assertThat(socket.readHead().status()).isEqualTo(100);
      assertThat(socket.send("{}").read()).extracting(Answer::status).isEqualTo(200);
    }
  }

  @Test
  void unknown_methods_are_told_what_is_allowed() {
    for (String method : List.of("BREW", "TRACE", "PATCH", "PROPFIND")) {
      try (RawSocket socket = connect()) {
        Answer answer = socket.send(method + " /health/live HTTP/1.1\r\nHost: h" + END).read();
        assertThat(answer).as(method).extracting(Answer::status).isEqualTo(405);
        assertThat(answer.headers()).containsEntry("Allow", "GET, HEAD");
      }
    }
  }

  /** Otherwise the memory for its answer would never be released. */
  @Test
  void a_client_that_does_not_read_its_answer_is_hung_up_on() {
    String metadata = "m".repeat(250_000);
    String item = "{\"task\":\"long\",\"options\":{\"metadata\":{\"a\":\"" + metadata + "\"}}}";
    String items = String.join(",", Collections.nCopies(15, item));
    assertThat(server.post("/api/v1/tasks/batch", "{\"items\":[" + items + "]}").status())
        .isEqualTo(200);
    String path = "/api/v1/runs?filter%5BtaskIdentifier%5D=long&page%5Bsize%5D=100";
    int whole = server.get(path).text().length();
    try (RawSocket socket = connect()) {
      String rest = " HTTP/1.1\r\nHost: h" + authorization() + END;
      // Several answers, more than the buffers of both sides hold.
      socket.send(("GET " + path + rest).repeat(8));
      Await.until("the server hangs up", Duration.ofSeconds(60), socket::isHungUp);
      assertThat(socket.readToEnd().length()).isLessThan(8 * whole);
    }
  }

  @Test
  void too_many_connections_get_503_but_the_health_of_the_server() {
    List<RawSocket> open = new ArrayList<>();
    String rest = " HTTP/1.1\r\nHost: h" + authorization() + END;
    try {
      Await.until(
          "a refusal",
          Duration.ofSeconds(30),
          () -> {
            RawSocket socket = connect();
            open.add(socket);
            Answer answer = socket.send("GET /api/v1/runs" + rest).read();
            return answer != null && answer.status() == 503;
          });
      try (RawSocket socket = connect()) {
        assertThat(socket.send("GET /health/live" + rest).read())
            .extracting(Answer::status)
            .isEqualTo(200);
        assertThat(socket.readToEnd()).isEmpty();
      }
    } finally {
      open.forEach(RawSocket::close);
    }
    Await.until(
        "others are served again",
        Duration.ofSeconds(30),
        () -> {
          try (RawSocket socket = connect()) {
            Answer answer = socket.send("GET /api/v1/runs" + rest).read();
            return answer != null && answer.status() == 200;
          }
        });
  }
}

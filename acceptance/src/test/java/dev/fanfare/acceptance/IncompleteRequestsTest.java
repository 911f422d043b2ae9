package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.RawSocket.Answer;
import dev.fanfare.acceptance.TestServer.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A request that did not arrive whole is never judged. Its sender gets a 408, which means "send it
 * again", or finds the connection closed. Nothing is stored.
 */
class IncompleteRequestsTest {
  @AutoClose private static final TestServer server = TestServer.start();

  private static final String END = "\r\n\r\n";

  /**
   * A request as it is sent, in the encoding of {@link RawSocket}: one byte for each character.
   *
   * @param name for the display
   * @param head the request line and headers, without the framing of the body
   * @param body the body
   */
  private record Sent(String name, String head, String body) {

    static Sent of(String method, String path, String body) {
      return of(method, path, "application/json", body);
    }

    static Sent of(String method, String path, String type, String body) {
      String head =
          "%s %s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\n"
              .formatted(method, path, server.key, type);
      return new Sent(method + " " + path, head, body);
    }

    String withLength() {
      return head + "Content-Length: " + body.length() + END + body;
    }

    String inChunks() {
      StringBuilder chunks = new StringBuilder(head + "Transfer-Encoding: chunked" + END);
      for (int from = 0; from < body.length(); from += 20) {
        String chunk = body.substring(from, Math.min(body.length(), from + 20));
        chunks.append(Integer.toHexString(chunk.length())).append("\r\n").append(chunk);
        chunks.append("\r\n");
      }
      return chunks + "0" + END;
    }

    /** Only the first {@code kept} bytes of the compressed body, with a length that fits them. */
    String cutGzip(int kept) {
      String encoding = "Content-Encoding: gzip\r\nContent-Length: " + kept + END;
      return head + encoding + gzip(body).substring(0, kept);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static String gzip(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }

  static Stream<Sent> requests() {
    String run = server.post("/api/v1/tasks/whole/trigger", "{}").json().get("id").asString();
    String session =
        server
            .post(
                "/worker/v1/sessions",
                "{\"name\":\"w\",\"version\":\"1\",\"slots\":1,\"tasks\":[{\"id\":\"none\"}]}")
            .json()
            .get("sessionId")
            .asString();
    String batch = server.post("/api/v3/batches", "{\"runCount\":2}").json().get("id").asString();
    String worker = "/worker/v1/sessions/" + session;
    Reply packet =
        server.send(
            "PUT", "/api/v1/packets/cut.json", HttpRequest.BodyPublishers.noBody(), server.key);
    URI upload = URI.create(packet.json().get("presignedUrl").asString());
    return Stream.of(
        Sent.of("POST", "/api/v1/tasks/cut/trigger", "{\"payload\":{\"n\":1}}"),
        Sent.of("POST", "/api/v1/tasks/cut/batch", "{\"items\":[{\"payload\":1}]}"),
        Sent.of("POST", "/api/v1/tasks/batch", "{\"items\":[{\"task\":\"cut\"}]}"),
        Sent.of("POST", "/api/v2/tasks/batch", "{\"items\":[{\"task\":\"cut\"}]}"),
        Sent.of("POST", "/api/v3/batches", "{\"runCount\":2}"),
        Sent.of(
            "POST",
            "/api/v3/batches/" + batch + "/items",
            "application/x-ndjson",
            "{\"index\":0,\"task\":\"cut\"}\n{\"index\":1,\"task\":\"cut\"}\n"),
        Sent.of("POST", "/api/v1/runs/" + run + "/replay", "{\"tags\":[\"cut\"]}"),
        Sent.of("POST", "/api/v1/runs/" + run + "/tags", "{\"tags\":[\"cut\"]}"),
        Sent.of("PUT", "/api/v1/runs/" + run + "/metadata", "{\"metadata\":{\"cut\":1}}"),
        Sent.of("POST", "/worker/v1/sessions", "{\"name\":\"w\",\"version\":\"1\",\"slots\":1}"),
        Sent.of("PUT", upload.getRawPath() + "?" + upload.getRawQuery(), "{\"packet\":1}"),
        Sent.of("POST", worker + "/poll", "{\"slots\":1}"),
        Sent.of("POST", worker + "/reports", report(run)));
  }

  private static String report(String run) {
    return ("{\"started\":[],\"returned\":[],\"finished\":[{\"runId\":\"%s\",\"fence\":1,"
            + "\"attempt\":1,\"durationMillis\":5,\"output\":\"1\",\"retryable\":true}]}")
        .formatted(run);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void a_request_cut_anywhere_is_to_be_sent_again(Sent request) {
    for (String whole : new String[] {request.withLength(), request.inChunks()}) {
      for (int length = 1; length < whole.length(); length++) {
        cut(whole.substring(0, length));
      }
    }
    nothingIsStored();
  }

  @ParameterizedTest
  @MethodSource("requests")
  void a_cut_gzip_stream_is_to_be_sent_again(Sent request) {
    int whole = gzip(request.body()).length();
    for (int kept = 1; kept < whole; kept++) {
      cut(request.cutGzip(kept));
    }
    nothingIsStored();
  }

  private static void cut(String bytes) {
    try (RawSocket socket = RawSocket.to(server.server.url())) {
      Answer answer = socket.send(bytes).endOutput().read();
      if (answer != null) {
        assertThat(answer.status()).as(bytes + " -> " + answer.body()).isEqualTo(408);
        String text = bytes.contains(END) ? "The request body ended early" : "Request Timeout";
        assertThat(answer.error()).isEqualTo(text);
        assertThat(answer.headers().get("Connection").toLowerCase(Locale.ROOT)).isEqualTo("close");
        assertThat(socket.read()).isNull();
      }
    }
  }

  private static void nothingIsStored() {
    String runs = "/api/v1/runs?filter%5BtaskIdentifier%5D=cut";
    assertThat(server.get(runs).json().get("data")).isEmpty();
    assertThat(server.get("/api/v1/runs?filter%5Btag%5D=cut").json().get("data")).isEmpty();
    String packet = server.get("/api/v1/packets/cut.json").json().get("presignedUrl").asString();
    assertThat(server.get(packet.substring(packet.indexOf("/", 8))).status()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not gzip at all",
        "\u001f\u008b\u0008\0\0\0\0\0\0\0\u00ff not gzip after its header"
      })
  void a_whole_body_that_is_not_gzip_is_a_mistake(String body) {
    Sent sent = Sent.of("POST", "/api/v1/tasks/cut/trigger", body);
    try (RawSocket socket = RawSocket.to(server.server.url())) {
      String bytes =
          sent.head() + "Content-Encoding: gzip\r\nContent-Length: " + body.length() + END + body;
      assertThat(socket.send(bytes).read()).extracting(Answer::status).isEqualTo(400);
    }
  }

  @Test
  void a_whole_body_that_is_half_a_json_text_is_a_mistake() {
    assertThat(server.post("/api/v1/tasks/cut/trigger", "{\"payload\":").status()).isEqualTo(400);
  }
}

package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.BATCH_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.ITEM_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.TRIGGER_BODY_BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Malicious bodies get a 4xx, or are stored and returned unchanged. */
class HostileBodiesTest {
  private static final String BATCH = "/api/v1/tasks/batch";
  private static final String TRIGGER = "/api/v1/tasks/echo/trigger";
  private static final int BODY_MAX = 4 * 1024 * 1024;
  private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    server =
        TestServer.start(config ->
            config
                .with(ITEM_BYTES_MAX, 1024 * 1024)
                .with(TRIGGER_BODY_BYTES_MAX, BODY_MAX)
                .with(BATCH_BODY_BYTES_MAX, BODY_MAX));
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(400, ""),
        Arguments.of(400, " "),
        Arguments.of(400, "null"),
        Arguments.of(400, "0"),
        Arguments.of(400, "\"\""),
        Arguments.of(400, "false"),
        Arguments.of(400, "[]"),
        Arguments.of(400, "{"),
        Arguments.of(400, "{}"),
        Arguments.of(400, "{} {}"),
        Arguments.of(400, "not json"),
        Arguments.of(400, "\uFEFF{\"items\":[]}"),
        Arguments.of(400, "{\"items\":{}}"),
        Arguments.of(400, "{\"items\":null}"),
        Arguments.of(400, "{\"items\":[1]}"),
        Arguments.of(400, "{\"items\":[null]}"),
        Arguments.of(400, "{\"items\":[{}]}"),
        Arguments.of(400, "{\"items\":[{\"task\":\"\"}]}"),
        Arguments.of(400, "{\"items\":[{\"task\":7}]}"),
        Arguments.of(400, "{\"items\":[{\"task\":\"a\\u0000b\"}]}"),
        Arguments.of(400, "{\"items\":[{\"task\":\"" + "t".repeat(300) + "\"}]}"),
        Arguments.of(400, item("\"options\":7")),
        Arguments.of(400, item("\"options\":{\"queue\":\"q\"}")),
        Arguments.of(400, item("\"options\":{\"maxAttempts\":0}")),
        Arguments.of(400, item("\"options\":{\"maxAttempts\":1.5}")),
        Arguments.of(400, item("\"options\":{\"maxAttempts\":1" + "0".repeat(1_000_000) + "}")),
        Arguments.of(400, item("\"options\":{\"priority\":\"high\"}")),
        Arguments.of(400, item("\"options\":{\"machine\":\"huge\"}")),
        Arguments.of(400, item("\"options\":{\"tags\":[1]}")),
        Arguments.of(400, item("\"options\":{\"tags\":\"" + "t".repeat(129) + "\"}")),
        Arguments.of(400, item("\"options\":{\"tags\":\"\\ud800\"}")),
        Arguments.of(
            422,
            item(
                "\"options\":{\"tags\":[1,2,3,4,5,6,7,8,9,10,11]}".replaceAll("(\\d+)", "\"$1\""))),
        Arguments.of(422, item("\"options\":{\"delay\":\"soon\"}")),
        Arguments.of(422, item("\"options\":{\"ttl\":\"never\"}")),
        Arguments.of(
            400, item("\"payload\":7,\"options\":{\"payloadType\":\"application/store\"}")),
        Arguments.of(
            413, item("\"options\":{\"metadata\":{\"m\":\"" + "m".repeat(262_144) + "\"}}")),
        Arguments.of(413, item("\"payload\":\"" + "p".repeat(1024 * 1024) + "\"")),
        Arguments.of(413, item("\"payload\":\"" + "p".repeat(BODY_MAX) + "\"")),
        Arguments.of(400, item("\"payload\":" + "[".repeat(100_000) + "]".repeat(100_000))),
        Arguments.of(400, item("\"payload\":\"raw \u0000 control\"")));
  }

  private static String item(String fields) {
    return "{\"items\":[{\"task\":\"echo\",\"payload\":1},{\"task\":\"echo\"," + fields + "}]}";
  }

  @ParameterizedTest
  @MethodSource("refused")
  void invalid_input_is_a_4xx_with_an_error_and_stores_nothing(int status, String body) {
    int before = server.runs();
    Reply reply = server.post(BATCH, body);
    assertThat(reply.status()).isEqualTo(status);
    assertThat(reply.error()).isNotBlank();
    assertThat(server.runs()).isEqualTo(before);
  }

  @Test
  void malformed_utf8_is_a_400() {
    byte[] body = "{\"payload\":\"??\"}".getBytes(StandardCharsets.UTF_8);
    for (byte[] bad :
        List.of(new byte[] {(byte) 0xC3, 0x28}, new byte[] {(byte) 0xED, (byte) 0xA0})) {
      body[12] = bad[0];
      body[13] = bad[1];
      Reply reply =
          server.send("POST", TRIGGER, HttpRequest.BodyPublishers.ofByteArray(body), server.key);
      assertThat(reply.status()).isEqualTo(400);
      assertThat(reply.error()).isEqualTo("Invalid JSON");
    }
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.ValueSource(
      strings = {
        "1.0",
        "-0",
        "1e400",
        "12345678901234567890123",
        "\"\\u0000\"",
        "\"\\ud800 and \\udfff\"",
        "\"\uD83C\uDFBA fanfare\"",
        "{ \"b\" : 1,\t\"a\":2 , \"b\":3 }",
        "[[[]],{},null,true]",
        "\"\""
      })
  void TRG_19_a_payload_is_returned_character_for_character(String payload) {
    Reply made =
        server.post(
            TRIGGER,
            "{\"payload\":" + payload + ",\"options\":{\"metadata\":{\"m\":" + payload + "}}}");
    assertThat(made.status()).isEqualTo(200);
    Reply read = server.get("/api/v3/runs/" + made.json().get("id").asString());
    assertThat(read.text()).contains("\"payload\":" + payload + ",");
    assertThat(read.text()).contains("\"metadata\":{\"m\":" + payload + "}");
  }

  @Test
  void a_number_of_a_million_digits_is_stored_and_returned() {
    String number = "9".repeat(1_000_000);
    Reply made = server.post(TRIGGER, "{\"payload\":" + number + "}");
    assertThat(made.status()).isEqualTo(200);
    assertThat(server.get("/api/v3/runs/" + made.json().get("id").asString()).text())
        .contains("\"payload\":" + number + ",");
  }

  @Test
  void a_body_without_a_length_is_read_and_counted() {
    byte[] small = "{\"payload\":1}".getBytes(StandardCharsets.UTF_8);
    HttpRequest.BodyPublisher chunked =
        HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(small));
    assertThat(server.send("POST", TRIGGER, chunked, server.key).status()).isEqualTo(200);
    byte[] large =
        ("{\"payload\":\"" + "p".repeat(BODY_MAX) + "\"}").getBytes(StandardCharsets.UTF_8);
    HttpRequest.BodyPublisher tooMuch =
        HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large));
    assertThat(server.send("POST", TRIGGER, tooMuch, server.key).status()).isEqualTo(413);
  }

  @Test
  void a_gzip_body_is_read_but_bombs_and_other_encodings_are_rejected() throws IOException {
    assertThat(gzip("{\"payload\":1}".getBytes(StandardCharsets.UTF_8)).status()).isEqualTo(200);
    byte[] bomb =
        ("{\"payload\":\"" + "p".repeat(64 * 1024 * 1024)).getBytes(StandardCharsets.UTF_8);
    assertThat(gzip(bomb).status()).isEqualTo(413);
    HttpRequest.BodyPublisher plain = HttpRequest.BodyPublishers.ofString("{\"payload\":1}");
    assertThat(server.send("POST", TRIGGER, plain, server.key, "Content-Encoding", "gzip").status())
        .isEqualTo(400);
    assertThat(server.send("POST", TRIGGER, plain, server.key, "Content-Encoding", "br").status())
        .isEqualTo(400);
  }

  private static Reply gzip(byte[] body) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(packed)) {
      out.write(body);
    }
    return server.send(
        "POST",
        TRIGGER,
        HttpRequest.BodyPublishers.ofByteArray(packed.toByteArray()),
        server.key,
        "Content-Encoding",
        "gzip");
  }

  @Test
  void a_client_that_disconnects_halfway_stores_nothing_and_harms_no_one() throws IOException {
    int before = server.runs();
    for (int i = 0; i < 20; i++) {
      try (Socket socket = new Socket("127.0.0.1", server.server.url().getPort())) {
        String head =
            "POST "
                + BATCH
                + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + server.key
                + "\r\nContent-Length: 1000\r\n\r\n{\"items\":[{\"task\":\"echo\"},";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
      }
    }
    assertThat(server.get("/health/ready").status()).isEqualTo(200);
    assertThat(server.runs()).isEqualTo(before);
  }
}

package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.MigratedDatabase;
import dev.fanfare.acceptance.chaos.Processes.Serving;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.DatabaseProxy;
import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * What a server logs while its database is away: a few lines that name the cause, whatever it was
 * doing. For a longer outage: {@code -Dfanfare.outage=20s}.
 */
@Timeout(300)
class OutageLogTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration OUTAGE =
      Duration.parse("PT" + System.getProperty("fanfare.outage", "6s"));

  /** The lines at the beginning and at the end of an outage. */
  private static final int LINES = 10;

  /** How many lines may follow every ten seconds. */
  private static final int LINES_LATER = 2;

  /** More than fits into the buffers of a connection. */
  private static final int PACKET_BYTES = 9 * 1024 * 1024;

  /** Tests log otherwise. */
  private static final String SHIPPED_LOGGING = "-Dlogback.configurationFile=logback.xml";

  @TempDir Path folder;
  private final Processes processes =
      new Processes()
          .set("FANFARE_POLL_WAIT", "10s")
          .set("FANFARE_SESSION_LEASE", "60s")
          .serverOptions(
              Stream.concat(Jvm.SHORT_LIVED.stream(), Stream.of(SHIPPED_LOGGING)).toList());
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private TestDatabase database;
  private DatabaseProxy proxy;
  private Serving server;

  @BeforeEach
  void start() throws IOException {
    database = MigratedDatabase.create();
    URI direct = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    proxy = DatabaseProxy.start(direct.getPort());
    String url =
        "jdbc:postgresql://127.0.0.1:%s%s?user=%s&password=%s"
            .formatted(proxy.port(), direct.getPath(), database.user(), database.password());
    server =
        processes.server("server", folder.resolve("home"), Map.of("FANFARE_DATABASE_URL", url));
  }

  @AfterEach
  void close() throws Exception {
    http.close();
    processes.close();
    proxy.close();
    database.close();
  }

  @Test
  void responses_that_an_outage_cuts_off_leave_a_line_and_no_stack_trace() throws Exception {
    String session = openSession();
    String download = storePacket();
    try (Socket poll = request("POST /worker/v1/sessions/" + session + "/poll", "{\"slots\":1}");
        Socket get = request("GET " + download, "")) {
      assertThat(head(poll)).contains("HTTP/1.1 200");
      assertThat(head(get)).contains("Content-Length: " + PACKET_BYTES);
      proxy.refuse();
      assertThat(rest(poll)).doesNotContain("{").doesNotContain("\r\n0\r\n");
      assertThat(rest(get).length()).isLessThan(PACKET_BYTES);
    }
    Await.until("the line", SOON, () -> !logged("Responses are cut off").isEmpty());
    assertThat(logged("Responses are cut off").size()).isLessThanOrEqualTo(2);
    assertThat(server.jvm().lines()).noneMatch(OutageLogTest::isForProgrammers);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void an_outage_leaves_a_handful_of_lines(boolean silent) throws Exception {
    processes.worker("worker", server, 20);
    BatchClients clients = BatchClients.start(server.impatientClient(), 4);
    clients.awaitAcknowledged(10);
    long before = server.jvm().lines().count();
    if (silent) {
      proxy.silence();
    } else {
      proxy.refuse();
    }
    TimeUnit.NANOSECONDS.sleep(OUTAGE.toNanos()); // the fault itself
    proxy.accept();
    if (silent) {
      proxy.refuse();
      proxy.accept();
    }
    int acknowledged = clients.acknowledged().size();
    clients.awaitAcknowledged(acknowledged + 10);
    clients.stop();
    Await.until("the end of the outage", SOON, () -> !logged("The database is back").isEmpty());
    List<String> lines = server.jvm().lines().skip(before).toList();
    System.out.printf(
        "%s lines about an outage of %s:%n%s%n",
        lines.size(), OUTAGE, String.join(System.lineSeparator(), lines));
    assertThat(lines)
        .noneMatch(OutageLogTest::isForProgrammers)
        .hasSizeLessThanOrEqualTo(LINES + LINES_LATER * (int) (OUTAGE.toSeconds() / 10));
    assertThat(clients.surprises()).isEmpty();
  }

  /** A line of a stack trace, or one that the HTTP library wrote. */
  private static boolean isForProgrammers(String line) {
    return line.startsWith("\tat ") || line.contains("response already sent");
  }

  private List<String> logged(String text) {
    return server.jvm().lines().filter(line -> line.contains(text)).toList();
  }

  private String openSession() throws Exception {
    String worker = "{\"name\":\"w\",\"version\":\"1\",\"slots\":1,\"tasks\":[{\"id\":\"echo\"}]}";
    return send("POST", "/worker/v1/sessions", worker).path("sessionId").asString();
  }

  /** Stores a packet; returns where to download it. */
  private String storePacket() throws Exception {
    String path = "/api/v1/packets/outage.json";
    String upload = send("PUT", path, "").path("presignedUrl").asString();
    HttpResponse<Void> stored =
        http.send(
            HttpRequest.newBuilder(URI.create(upload))
                .PUT(BodyPublishers.ofByteArray(new byte[PACKET_BYTES]))
                .build(),
            BodyHandlers.discarding());
    assertThat(stored.statusCode()).isEqualTo(200);
    URI download = URI.create(send("GET", path, "").path("presignedUrl").asString());
    return download.getRawPath() + "?" + download.getRawQuery();
  }

  private JsonNode send(String method, String path, String body) throws Exception {
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(server.url().resolve(path))
                .header("Authorization", "Bearer " + Processes.KEY)
                .method(method, BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return WireJson.mapper().readTree(response.body());
  }

  /** Sends a request, and reads nothing yet. */
  private Socket request(String line, String body) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(16 * 1024);
    socket.setSoTimeout((int) SOON.toMillis());
    socket.connect(new InetSocketAddress(server.url().getHost(), server.url().getPort()));
    String request =
        """
        %s HTTP/1.1
        Host: localhost
        Authorization: Bearer %s
        Content-Length: %s

        %s\
        """
            .formatted(line, Processes.KEY, body.length(), body)
            .replace("\n", "\r\n");
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  /** Reads the status line and the headers. */
  private static String head(Socket socket) throws IOException {
    StringBuilder head = new StringBuilder();
    InputStream in = socket.getInputStream();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      assertThat(c).as("after %s", head).isNotNegative();
      head.append((char) c);
    }
    return head.toString();
  }

  /** Reads until the server closes the connection. */
  private static String rest(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
  }
}

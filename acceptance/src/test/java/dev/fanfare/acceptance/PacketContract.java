package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.API_RATE;
import static dev.fanfare.server.config.ServerSettings.PACKET_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.TOKEN_RATE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.RawJson;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.RunResult;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import dev.fanfare.server.Administration;
import dev.fanfare.server.Server;
import dev.fanfare.server.config.Rate;
import dev.fanfare.server.config.ServerConfig;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The contract of packets over real HTTP, from the URL to the worker, for every kind of store. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PacketContract {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int BYTES_MAX = 5 * 1024 * 1024;
  private static final String JSON = "application/json";
  private static final Task<RawJson, RawJson> ECHO =
      Task.define("echo", RawJson.class, RawJson.class).handler((payload, run) -> payload);

  private final AtomicInteger names = new AtomicInteger();
  TestServer server;
  private String elsewhere;

  abstract ServerConfig configure(ServerConfig settings);

  @BeforeAll
  void start() throws IOException {
    // The limit is so low that a rate-limited route could not be called twice.
    server =
        TestServer.start(s ->
            configure(s)
                .with(PACKET_BYTES_MAX, BYTES_MAX)
                .with(API_RATE, Rate.NONE)
                .with(TOKEN_RATE, new Rate(1, 1)));
    try (Administration administration = Administration.open(server.config)) {
      elsewhere = administration.createKey("prod").key().text();
    }
  }

  @AfterAll
  void stop() throws IOException {
    server.close();
  }

  String unique() {
    return "trigger/echo/" + names.incrementAndGet() + "/payload.json";
  }

  private static String encoded(String path) {
    return URLEncoder.encode(path, UTF_8).replace("+", "%20");
  }

  private Reply put(String path) {
    return send("PUT", path, server.key);
  }

  private Reply send(String method, String path, String credential) {
    return server.send(method, path, HttpRequest.BodyPublishers.noBody(), credential);
  }

  String uploadUrl(String path) {
    Reply reply = put("/api/v2/packets/" + encoded(path));
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.json().get("storagePath").asString()).isEqualTo(path);
    return reply.json().get("presignedUrl").asString();
  }

  private String downloadUrl(String path) {
    return server.get("/api/v1/packets/" + encoded(path)).json().get("presignedUrl").asString();
  }

  /** Sends a request without credentials, as presigned URLs require. */
  Reply at(String method, String url, String body, String... headers) {
    assertThat(url).startsWith(server.server.url() + "/");
    String path = url.substring(server.server.url().toString().length());
    return server.send(method, path, HttpRequest.BodyPublishers.ofString(body), "", headers);
  }

  void upload(String path, String type, String body) {
    Reply reply = at("PUT", uploadUrl(path), body, "Content-Type", type);
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
  }

  Reply download(String path) {
    return at("GET", downloadUrl(path), "");
  }

  static void assertRefused(Reply reply, int status, String error) {
    assertThat(reply.status()).as(reply.text()).isEqualTo(status);
    assertThat(reply.error()).startsWith(error);
  }

  // Uploading and downloading

  @ParameterizedTest
  @CsvSource({
    "application/json, '{\"a\": 1e2, \"ä\": \"€\"}'",
    "application/super+json, '{\"json\":{\"at\":\"2026-01-01\"},\"meta\":{}}'",
    "text/plain; charset=utf-8, 😀",
    "application/json, ''"
  })
  void an_uploaded_packet_is_downloaded_unchanged_with_its_content_type(String type, String body) {
    String path = unique();
    upload(path, type, body);
    Reply reply = download(path);
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.text()).isEqualTo(body);
    assertThat(reply.header("Content-Type")).isEqualTo(type);
    assertThat(reply.header("Content-Length")).isEqualTo("" + body.getBytes(UTF_8).length);
  }

  @Test
  void any_bytes_are_returned_unchanged_up_to_the_size_limit() throws Exception {
    HttpClient http = HttpClient.newHttpClient();
    byte[] bytes = new byte[BYTES_MAX];
    new Random(1).nextBytes(bytes);
    String path = unique();
    HttpRequest put =
        HttpRequest.newBuilder(URI.create(uploadUrl(path)))
            .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes))
            .header("Content-Type", "application/octet-stream")
            .build();
    assertThat(http.send(put, HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    HttpRequest get = HttpRequest.newBuilder(URI.create(downloadUrl(path))).build();
    assertThat(http.send(get, HttpResponse.BodyHandlers.ofByteArray()).body()).isEqualTo(bytes);

    Reply longer = at("PUT", uploadUrl(path), "x".repeat(BYTES_MAX + 1));
    assertRefused(longer, 413, "Request body too large");
    assertThat(http.send(get, HttpResponse.BodyHandlers.ofByteArray()).body())
        .as("the packet before stays whole")
        .isEqualTo(bytes);
  }

  @Test
  void the_last_upload_under_a_path_wins() {
    String path = unique();
    upload(path, JSON, "1");
    upload(path, "text/plain", "two");
    assertThat(download(path).text()).isEqualTo("two");
    assertThat(download(path).header("Content-Type")).isEqualTo("text/plain");
  }

  @Test
  void without_a_content_type_it_is_json_and_an_invalid_content_type_is_rejected() {
    String path = unique();
    assertThat(at("PUT", uploadUrl(path), "1").status()).isEqualTo(200);
    assertThat(download(path).header("Content-Type")).isEqualTo(JSON);
    Reply refused = at("PUT", uploadUrl(path), "2", "Content-Type", "a/" + "b".repeat(128));
    assertRefused(refused, 400, "Headers Error");
    assertThat(download(path).text()).isEqualTo("1");
  }

  @Test
  void a_packet_declared_as_html_is_never_rendered_as_a_page() {
    String path = unique();
    upload(path, "text/html", "<script>alert(1)</script>");
    assertThat(download(path).header("Content-Security-Policy")).startsWith("sandbox");
    assertThat(download(path).header("X-Content-Type-Options")).isEqualTo("nosniff");
  }

  @Test
  void old_clients_do_not_encode_the_slashes_of_a_name() {
    String path = unique();
    Reply reply = put("/api/v1/packets/" + path);
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.json().propertyNames()).containsExactly("presignedUrl");
    at("PUT", reply.json().get("presignedUrl").asString(), "old", "Content-Type", "text/plain");
    assertThat(download(path).text()).isEqualTo("old");
    String url = server.get("/api/v1/packets/" + path).json().get("presignedUrl").asString();
    assertThat(at("GET", url, "").text()).isEqualTo("old");
  }

  @Test
  void a_name_is_decoded_once_and_may_contain_unusual_characters() {
    for (String path : List.of("a b+c/%2e%2e/ключ?x=1#y&z", "..a/...", "😀", "a".repeat(2_048))) {
      upload(path, "text/plain", path);
      assertThat(download(path).text()).as(path).isEqualTo(path);
    }
  }

  @Test
  void urls_use_the_host_of_the_request() throws Exception {
    int port = server.server.url().getPort();
    for (String proto : List.of("http", "https")) {
      try (RawSocket socket = RawSocket.to(server.server.url())) {
        var answer =
            socket
                .send(
                    "GET /api/v1/packets/a HTTP/1.1\r\nHost: tasks.example:"
                        + port
                        + "\r\nX-Forwarded-Proto: "
                        + proto
                        + "\r\nAuthorization: Bearer "
                        + server.key
                        + "\r\n\r\n")
                .read();
        assertThat(answer.body()).contains("\"" + proto + "://tasks.example:" + port + "/packets/");
      }
    }
    for (String host : List.of("a b", "x/y", "user@x", "x\"y", "")) {
      try (RawSocket socket = RawSocket.to(server.server.url())) {
        var answer =
            socket
                .send(
                    "GET /api/v1/packets/a HTTP/1.1\r\nHost: "
                        + host
                        + "\r\nAuthorization: Bearer "
                        + server.key
                        + "\r\n\r\n")
                .read();
        assertThat(answer.status()).as(host).isEqualTo(400);
      }
    }
  }

  // Rejections

  @ParameterizedTest
  @ValueSource(
      strings = {
        "..",
        "../secret",
        "a/../b",
        "a/..",
        "%2e%2e",
        "%2E%2E%2Fsecret",
        "..%2Fsecret",
        "a%2F..%2Fb",
        "a/%2e%2e/b",
        ".",
        "a/./b",
        "%2Fetc%2Fpasswd",
        "/etc/passwd",
        "a//b",
        "a/",
        "a%2F",
        "",
        "a%00b",
        "%00",
        "a%0Ab",
        "a%0D%0AX: y",
        "a%7F",
        "a%5Cb",
        "..%5Csecret",
        "C:%5Cwindows"
      })
  void a_path_with_a_special_meaning_to_file_systems_is_rejected(String raw) {
    String path = raw.replace(" ", "%20");
    for (String request : List.of("PUT /api/v2", "PUT /api/v1", "GET /api/v1")) {
      String[] words = request.split(" ");
      Reply reply = send(words[0], words[1] + "/packets/" + path, server.key);
      assertRefused(reply, 400, "Invalid packet path");
    }
  }

  @Test
  void a_path_that_is_too_long_is_rejected() {
    assertRefused(
        put("/api/v2/packets/" + "a".repeat(2_049)),
        400,
        "Invalid packet path: at most 2048 bytes");
    assertRefused(put("/api/v2/packets/" + "%C3%A4".repeat(1_025)), 400, "Invalid packet path");
  }

  @Test
  void a_forged_or_modified_url_is_rejected() {
    String path = unique();
    upload(path, JSON, "1");
    String url = downloadUrl(path);
    int sign = url.indexOf("signature=") + "signature=".length();
    char first = url.charAt(sign);
    String invalid = "The signature of the URL is not valid";
    for (String changed :
        List.of(
            url.substring(0, sign) + (first == 'A' ? 'B' : 'A') + url.substring(sign + 1),
            url.substring(0, sign),
            url.replaceAll("&signature.*", ""),
            url.replaceAll("\\?.*", ""),
            url.replaceAll("expires=\\d", "expires=9"),
            url.replaceAll("expires=\\d+", "expires=never"),
            url.replaceAll("expires=\\d+&", ""),
            url.replace("payload.json", "payload2.json"),
            url.replace("/trigger/", "/trigger/x/"),
            url.replace("/packets/1/", "/packets/2/"),
            url.replace("/packets/1/", "/packets/x/"))) {
      assertThat(changed).isNotEqualTo(url);
      assertRefused(at("GET", changed, ""), 403, invalid);
    }
    assertRefused(at("PUT", url, "2"), 403, invalid);
    assertRefused(at("GET", uploadUrl(path), ""), 403, invalid);
    // A secret key does not replace the signature.
    assertThat(send("GET", "/packets/1/" + path, server.key).status()).isEqualTo(403);
    assertThat(download(path).text()).isEqualTo("1");
  }

  @Test
  void a_packet_that_was_never_uploaded_is_not_found() {
    assertRefused(download(unique()), 404, "Packet not found");
  }

  @Test
  void only_keys_can_upload_and_tokens_that_read_a_run_can_download() {
    String path = encoded(unique());
    String reader = server.token().scopes("read:runs:run_x").sign(server.key);
    String other = server.token().scopes("write:runs").sign(server.key);
    for (String version : List.of("v1", "v2")) {
      assertThat(send("PUT", "/api/" + version + "/packets/" + path, reader).status())
          .isEqualTo(401);
      assertThat(send("PUT", "/api/" + version + "/packets/" + path, "").status()).isEqualTo(401);
    }
    assertThat(server.getAs(other, "/api/v1/packets/" + path).status()).isEqualTo(403);
    for (int i = 0; i < 5; i++) { // more requests than a token may make on a rate-limited route
      Reply reply = server.getAs(reader, "/api/v1/packets/" + path, "Origin", "https://a.example");
      assertThat(reply.status()).isEqualTo(200);
      assertThat(reply.header("Access-Control-Allow-Origin")).isEqualTo("https://a.example");
    }
    // Scripts can read the target of the redirect too.
    Reply fetched = at("GET", downloadUrl("nothing"), "", "Origin", "https://a.example");
    assertThat(fetched.header("Access-Control-Allow-Origin")).isEqualTo("https://a.example");
  }

  @Test
  void the_same_path_is_another_packet_in_another_environment() {
    String path = unique();
    upload(path, JSON, "1");
    String there =
        server
            .getAs(elsewhere, "/api/v1/packets/" + encoded(path))
            .json()
            .get("presignedUrl")
            .asString();
    assertRefused(at("GET", there, ""), 404, "Packet not found");
    String put =
        send("PUT", "/api/v2/packets/" + encoded(path), elsewhere)
            .json()
            .get("presignedUrl")
            .asString();
    at("PUT", put, "2");
    assertThat(at("GET", there, "").text()).isEqualTo("2");
    assertThat(download(path).text()).isEqualTo("1");
  }

  // Runs

  private String trigger(String path) {
    return server
        .post(
            "/api/v1/tasks/echo/trigger",
            "{\"payload\":\"" + path + "\",\"options\":{\"payloadType\":\"application/store\"}}")
        .json()
        .get("id")
        .asString();
  }

  private Fanfare fanfare() {
    return Fanfare.builder().url(server.server.url().toString()).secretKey(server.key).build();
  }

  @Test
  void a_run_shows_where_its_payload_can_be_fetched_instead_of_the_payload() {
    String path = unique();
    upload(path, JSON, "{\"n\":1}");
    String run = trigger(path.replace("/", "\\/")); // some clients escape slashes like this
    JsonNode shown = server.get("/api/v3/runs/" + run).json();
    assertThat(shown.has("payload")).isFalse();
    assertThat(at("GET", shown.get("payloadPresignedUrl").asString(), "").text())
        .isEqualTo("{\"n\":1}");
    assertThat(shown.has("outputPresignedUrl")).isFalse();

    String token = server.token().scopes("read:runs:" + run).sign(server.key);
    Reply reply = server.getAs(token, "/api/v1/runs/" + run + "/packets/payload");
    assertThat(at("GET", reply.json().get("presignedUrl").asString(), "").text())
        .isEqualTo("{\"n\":1}");
    String another = server.token().scopes("read:runs:run_x").sign(server.key);
    assertThat(server.getAs(another, "/api/v1/runs/" + run + "/packets/payload").status())
        .isEqualTo(403);
    assertThat(server.getAs(elsewhere, "/api/v1/runs/" + run + "/packets/payload").status())
        .isEqualTo(404);
  }

  @Test
  void a_run_has_a_packet_of_its_payload_or_output_only_when_it_is_one() {
    String inline =
        server.post("/api/v1/tasks/a/trigger", "{\"payload\":1}").json().get("id").asString();
    for (String field : List.of("payload", "output", "metadata", "..")) {
      assertThat(server.get("/api/v1/runs/" + inline + "/packets/" + field).status())
          .as(field)
          .isEqualTo(404);
    }
    assertRefused(
        server.get("/api/v1/runs/" + inline + "/packets/payload"), 404, "Packet not found");
    assertRefused(
        server.get("/api/v1/runs/run_0000000000000000000000000/packets/payload"), 404, "Not found");
    // A reference to anything but a packet of this server is stored, and not shown.
    String odd = trigger("../somewhere");
    JsonNode shown = server.get("/api/v3/runs/" + odd).json();
    assertThat(shown.has("payload")).isFalse();
    assertThat(shown.has("payloadPresignedUrl")).isFalse();
  }

  @Test
  void a_replay_refers_to_the_same_packet() {
    String path = unique();
    upload(path, "text/plain", "again");
    String run = trigger(path);
    String replayed =
        server.post("/api/v1/runs/" + run + "/replay", "").json().get("id").asString();
    assertThat(replayed).isNotEqualTo(run);
    String url =
        server.get("/api/v3/runs/" + replayed).json().get("payloadPresignedUrl").asString();
    assertThat(at("GET", url, "").text()).isEqualTo("again");
  }

  @ParameterizedTest
  @CsvSource({
    "application/json, '{\"n\": 1}', '{\"n\": 1}'",
    "application/json; charset=utf-8, '[1]', '[1]'",
    "application/super+json, '{\"json\":{\"n\":1},\"meta\":{}}', '{\"n\":1}'",
    "text/plain, plain, '\"plain\"'"
  })
  void a_worker_gets_what_the_packet_holds(String type, String body, String seen) {
    String path = unique();
    upload(path, type, body);
    try (Worker _ = Worker.builder(fanfare()).task(ECHO).start()) {
      Run run = fanfare().runs().await(trigger(path), PATIENCE);
      assertThat(run.isSuccessful()).as(run.toString()).isTrue();
      assertThat(run.output()).hasToString(seen);
      assertThat(run.payload()).isNull();
      assertThat(fanfare().runs().payload(run, RawJson.class)).hasToString(seen);
    }
  }

  @Test
  void a_run_whose_packet_is_missing_or_malformed_fails_at_once_with_a_reason() {
    String broken = unique();
    upload(broken, JSON, "{");
    try (Worker _ = Worker.builder(fanfare()).task(ECHO).start()) {
      Run missing = fanfare().runs().await(trigger(unique()), PATIENCE);
      assertThat(missing.error().message()).contains("packet does not exist", "404");
      assertThat(missing.attemptCount()).isEqualTo(1);
      Run malformed = fanfare().runs().await(trigger(broken), PATIENCE);
      assertThat(malformed.error().message()).contains("The payload does not fit");
      assertThat(malformed.attemptCount()).isEqualTo(1);
    }
  }

  @Test
  void an_output_that_a_worker_uploaded_is_shown_as_a_presigned_url() {
    String path = unique();
    upload(path, "application/super+json", "{\"json\":{\"sum\":3}}");
    String task = "adder-" + names.incrementAndGet();
    var batch = server.post("/api/v1/tasks/" + task + "/batch", "{\"items\":[{}]}").json();
    String run = batch.at("/runs/0").asString();
    String session =
        server
            .post(
                "/worker/v1/sessions",
                "{\"name\":\"w\",\"version\":\"1\",\"slots\":1,\"tasks\":[{\"id\":\"%s\"}]}"
                    .formatted(task))
            .json()
            .get("sessionId")
            .asString();
    server.post("/worker/v1/sessions/" + session + "/poll", "{\"slots\":1}");
    server.post(
        "/worker/v1/sessions/" + session + "/reports",
        """
        {"finished":[{"runId":"%s","fence":1,"attempt":1,"durationMillis":1,"output":"%s",
                      "outputType":"application/store","retryable":false}]}
        """
            .formatted(run, path));
    server.send(
        "DELETE",
        "/worker/v1/sessions/" + session,
        HttpRequest.BodyPublishers.noBody(),
        server.key);

    JsonNode shown = server.get("/api/v3/runs/" + run).json();
    assertThat(shown.get("status").asString()).isEqualTo("COMPLETED");
    assertThat(shown.has("output")).isFalse();
    assertThat(at("GET", shown.get("outputPresignedUrl").asString(), "").text())
        .isEqualTo("{\"json\":{\"sum\":3}}");
    assertThat(server.get("/api/v1/runs/" + run + "/packets/output").status()).isEqualTo(200);
    JsonNode result = server.get("/api/v1/runs/" + run + "/result").json();
    assertThat(result.get("output").asString()).isEqualTo(path);
    assertThat(result.get("outputType").asString()).isEqualTo("application/store");

    assertThat(fanfare().runs().output(fanfare().runs().retrieve(run), RawJson.class))
        .hasToString("{\"sum\":3}");
    List<RunResult> results = fanfare().batches().results(batch.get("batchId").asString());
    assertThat(results.getFirst().output()).hasToString("{\"sum\":3}");
  }

  // Servers

  @Test
  void another_server_accepts_the_urls_of_the_first_and_has_its_packets() throws Exception {
    String path = unique();
    upload(path, "text/plain", "kept");
    String url = downloadUrl(path);
    try (Server other = Server.start(server.config)) {
      String there = url.replace(server.server.url().toString(), other.url().toString());
      HttpResponse<String> response =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(there)).build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).isEqualTo("kept");
    }
  }
}

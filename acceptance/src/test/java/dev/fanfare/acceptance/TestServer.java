package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.PORT;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.Server;
import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;

/** A real server with its own database, and a plain HTTP client for it. */
public final class TestServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  final TestDatabase database;
  private final Path home;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  final ServerConfig config;
  public final Server server;
  public final String key;

  private TestServer(TestDatabase database, UnaryOperator<ServerConfig> settings) {
    this.database = database;
    this.home = temporaryFolder();
    ServerConfig defaults =
        ServerConfig.defaults()
            .with(PORT, 0)
            .with(HOME, home)
            .with(
                DATABASE_URL,
                new DatabaseUrl(database.jdbcUrl(), database.user(), database.password()));
    this.config = settings.apply(defaults);
    this.server = Server.start(config);
    this.key = server.developmentKey();
  }

  private static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("fanfare-acceptance");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static TestServer start() {
    return start(UnaryOperator.identity());
  }

  public static TestServer start(UnaryOperator<ServerConfig> settings) {
    return start(MigratedDatabase.create(), settings);
  }

  /** On a database that the caller made, perhaps reached by another URL; closed with the server. */
  static TestServer start(TestDatabase database, UnaryOperator<ServerConfig> settings) {
    return new TestServer(database, settings);
  }

  /** A response, with its body as text and, if it is JSON, as a tree. */
  record Reply(int status, HttpResponse<String> response) {
    String text() {
      return response.body();
    }

    JsonNode json() {
      return WireJson.mapper().readTree(response.body());
    }

    String error() {
      return json().path("error").asString();
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }
  }

  Reply post(String path, String body, String... headers) {
    return send("POST", path, HttpRequest.BodyPublishers.ofString(body), key, headers);
  }

  Reply get(String path, String... headers) {
    return send("GET", path, HttpRequest.BodyPublishers.noBody(), key, headers);
  }

  Reply send(
      String method,
      String path,
      HttpRequest.BodyPublisher body,
      String credential,
      String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.url() + path))
            .timeout(PATIENCE)
            .method(method, body);
    if (!credential.isEmpty()) {
      request.header("Authorization", "Bearer " + credential);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Reply(response.statusCode(), response);
    } catch (IOException e) {
      throw new AssertionError("No answer to " + method + " " + path, e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A token for the development environment, without scopes and not signed yet. */
  Jwt token() {
    return new Jwt(post("/api/v1/auth/jwt/claims", "").json().get("sub").asString());
  }

  /** Sends a POST with another credential than the key. */
  Reply postAs(String credential, String path, String body, String... headers) {
    return send("POST", path, HttpRequest.BodyPublishers.ofString(body), credential, headers);
  }

  /** Sends a GET with another credential than the key. */
  Reply getAs(String credential, String path, String... headers) {
    return send("GET", path, HttpRequest.BodyPublishers.noBody(), credential, headers);
  }

  /** The number of runs in the environment, at most one page. */
  int runs() {
    return get("/api/v1/runs?page%5Bsize%5D=100").json().path("data").size();
  }

  @Override
  public void close() throws IOException {
    server.close();
    database.close();
    try (var files = Files.walk(home)) {
      files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }
}

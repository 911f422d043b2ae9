package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.ENCRYPTION_KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.Administration;
import dev.fanfare.server.Server;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.component.StartException;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The life of a secret key: created, used, revoked, and never found in the database. */
class SecretKeysTest {
  private static final String RUNS = "/api/v1/runs";
  @AutoClose private static final TestServer server = TestServer.start();

  private static int status(String key) {
    return server.send("GET", RUNS, HttpRequest.BodyPublishers.noBody(), key).status();
  }

  private static Keys.NewKey create(String environment) {
    try (Administration administration = Administration.open(server.config)) {
      return administration.createKey(environment);
    }
  }

  private static boolean revoke(Keys.NewKey key) {
    try (Administration administration = Administration.open(server.config)) {
      return administration.revokeKey(key.id());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dev", "staging", "prod"})
  void a_key_created_while_the_server_runs_works_at_once_and_only_in_its_environment(
      String environment) {
    Keys.NewKey made = create(environment);
    String key = made.key().text();
    String task = "task-of-" + environment;
    HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers.ofString("{}");
    String path = "/api/v1/tasks/" + task + "/trigger";
    assertThat(server.send("POST", path, body, key).status()).isEqualTo(200);
    String query = RUNS + "?filter%5BtaskIdentifier%5D=" + task;
    assertThat(
            server.send("GET", query, HttpRequest.BodyPublishers.noBody(), key).json().get("data"))
        .hasSize(1);
    // The fixture's own key belongs to the development environment.
    assertThat(server.get(query).json().get("data")).hasSize(environment.equals("dev") ? 1 : 0);
    assertThat(status(server.key)).isEqualTo(200);
  }

  @Test
  void a_revoked_key_is_rejected_by_servers_with_and_without_it_in_their_cache() throws Exception {
    Keys.NewKey revoked = create("dev");
    Keys.NewKey kept = create("dev");
    String key = revoked.key().text();
    assertThat(status(key)).isEqualTo(200);
    String token =
        server
            .send(
                "POST",
                "/api/v1/tasks/echo/batch",
                HttpRequest.BodyPublishers.ofString("{\"items\":[{}]}"),
                key)
            .header("x-trigger-jwt");
    String batch = batchOf(token);
    assertThat(read(batch, token)).isEqualTo(200);

    assertThat(revoke(revoked)).isTrue();
    try (Server other = Server.start(server.config)) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(other.url() + RUNS))
              .header("Authorization", "Bearer " + key)
              .build();
      HttpClient http = HttpClient.newHttpClient();
      assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(401);
    }
    Await.until("the key is forgotten", Duration.ofSeconds(30), () -> status(key) == 401);
    assertThat(status(key)).isEqualTo(401);
    // Tokens that it signed are rejected too; the server caches those separately.
    Await.until(
        "its tokens are forgotten", Duration.ofSeconds(30), () -> read(batch, token) == 401);
    assertThat(read(batch, token)).isEqualTo(401);
    // Other keys stay valid, and a key cannot be revoked twice.
    assertThat(status(kept.key().text())).isEqualTo(200);
    assertThat(status(server.key)).isEqualTo(200);
    assertThat(revoke(revoked)).isFalse();
  }

  private static String batchOf(String token) {
    String claims =
        new String(Base64.getUrlDecoder().decode(token.split("\\.")[1]), StandardCharsets.UTF_8);
    return claims.replaceAll("(?s).*read:batch:(batch_[0-9a-z]+).*", "$1");
  }

  private static int read(String batch, String token) {
    String path = "/api/v2/batches/" + batch;
    return server.send("GET", path, HttpRequest.BodyPublishers.noBody(), token).status();
  }

  @Test
  void no_table_contains_a_key_in_any_encoding() throws Exception {
    String key = create("prod").key().text();
    String own = server.key;
    server.post("/api/v1/tasks/echo/trigger", "{}");
    String rows = everything();
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    // Prove that the search works: bytes are printed in hexadecimal.
    assertThat(rows).contains(HexFormat.of().formatHex(hash));
    for (String secret : List.of(key, own)) {
      byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
      String secretPart = secret.substring(secret.lastIndexOf('_') + 1);
      assertThat(rows)
          .doesNotContain(
              secret,
              secretPart,
              HexFormat.of().formatHex(bytes),
              HexFormat.of().formatHex(secretPart.getBytes(StandardCharsets.UTF_8)),
              Base64.getEncoder().encodeToString(bytes));
    }
  }

  /** Every row of every table, as text. */
  private static String everything() throws Exception {
    StringBuilder rows = new StringBuilder();
    try (Connection connection = server.database.connect();
        Statement statement = connection.createStatement()) {
      List<String> tables = new ArrayList<>();
      try (ResultSet names =
          statement.executeQuery(
              """
              select format('%I.%I', schemaname, tablename)
                from pg_tables
               where schemaname not in ('pg_catalog', 'information_schema')
              """)) {
        while (names.next()) {
          tables.add(names.getString(1));
        }
      }
      assertThat(tables).hasSizeGreaterThan(5);
      for (String table : tables) {
        try (ResultSet row = statement.executeQuery("select t::text from " + table + " t")) {
          while (row.next()) {
            rows.append(row.getString(1)).append('\n');
          }
        }
      }
    }
    return rows.toString();
  }

  @Test
  void with_another_encryption_key_the_start_fails_and_the_message_names_the_setting() {
    ServerConfig wrong = server.config.with(ENCRYPTION_KEY, new SecretKeySpec(new byte[32], "AES"));
    assertThatThrownBy(() -> Server.start(wrong))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("FANFARE_ENCRYPTION_KEY");
    // It is also impossible to create a key that the servers could not read.
    assertThatThrownBy(() -> Administration.open(wrong))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("FANFARE_ENCRYPTION_KEY");
    assertThat(status(create("dev").key().text())).isEqualTo(200);
  }

  @Test
  void the_encryption_key_is_checked_even_if_every_development_key_is_revoked() throws IOException {
    try (TestServer lonely = TestServer.start()) {
      try (Administration administration = Administration.open(lonely.config)) {
        administration.keys().stream()
            .filter(key -> key.environment().equals("dev"))
            .forEach(key -> assertThat(administration.revokeKey(key.id())).isTrue());
      }
      ServerConfig wrong =
          lonely.config.with(ENCRYPTION_KEY, new SecretKeySpec(new byte[32], "AES"));
      assertThatThrownBy(() -> Server.start(wrong))
          .isInstanceOf(StartException.class)
          .hasMessageContaining("FANFARE_ENCRYPTION_KEY");
      try (Server right = Server.start(lonely.config)) {
        assertThat(right.developmentKey()).isEmpty();
      }
    }
  }
}

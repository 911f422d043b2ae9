package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.DatabaseProxy;
import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a server says of its readiness while its database is away, and how it comes back. */
class ReadinessTest {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final String TRIGGER = "/api/v1/tasks/echo/trigger";

  private static DatabaseProxy proxy;
  private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    TestDatabase database = MigratedDatabase.create();
    URI direct = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    proxy = DatabaseProxy.start(direct.getPort());
    String url = "jdbc:postgresql://127.0.0.1:" + proxy.port() + direct.getPath();
    server =
        TestServer.start(
            database,
            config ->
                config.with(
                    DATABASE_URL, new DatabaseUrl(url, database.user(), database.password())));
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
    proxy.close();
  }

  private static Reply ready() {
    return server.getAs("", "/health/ready");
  }

  private static void awaitReady() {
    Await.until("the server to be ready", BOUND, () -> ready().status() == 200);
  }

  /** Generous: the pool alone would wait for half of it. */
  private static final Duration PROMPT = Duration.ofSeconds(4);

  @Test
  void it_names_the_cause_promptly_and_serves_again_when_the_database_is_back() {
    awaitReady();
    assertThat(server.post(TRIGGER, "{}").status()).isEqualTo(200);
    proxy.refuse();
    Await.until("503", BOUND, () -> ready().status() == 503);
    long begin = System.nanoTime();
    Reply refused = ready();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(PROMPT);
    assertThat(refused.error()).startsWith("Not ready: the database is away: Connection refused");
    assertThat(refused.header("Retry-After")).isEqualTo("1");
    assertThat(server.getAs("", "/health/live").status()).isEqualTo(200);
    Reply trigger = server.post(TRIGGER, "{}");
    assertThat(trigger.status()).isEqualTo(503);
    assertThat(trigger.header("Retry-After")).isEqualTo("1");
    proxy.accept();
    awaitReady();
    assertThat(server.post(TRIGGER, "{}").status()).isEqualTo(200);
  }

  @Test
  void it_leaves_a_path_that_went_silent() {
    awaitReady();
    assertThat(server.post(TRIGGER, "{}").status()).isEqualTo(200);
    proxy.silenceOpenConnections();
    // The server does not wait for the 35 s after which the sockets fail by themselves.
    long begin = System.nanoTime();
    Await.until("a trigger to be stored", BOUND, () -> server.post(TRIGGER, "{}").status() == 200);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));
    awaitReady();
  }
}

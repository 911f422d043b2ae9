package dev.fanfare.acceptance.chaos;

import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.ENCRYPTION_KEY;
import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.PORT;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import dev.fanfare.server.Server;
import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.testkit.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The database stands still, or is stopped, for longer than a session lives, under a running
 * handler.
 *
 * <p>The times are short. For a run with others: {@code -Dfanfare.freeze=35s
 * -Dfanfare.freeze.lease=30s}.
 */
@Timeout(600)
class FrozenDatabaseTest {
  private static final Duration FROZEN = setting("fanfare.freeze", Duration.ofSeconds(7));
  private static final Duration LEASE = setting("fanfare.freeze.lease", Duration.ofSeconds(3));

  /** The time limit for what must happen after the outage, on a busy machine. */
  private static final Duration DONE = Duration.ofSeconds(120);

  /** The promise is five seconds; a busy machine may need more. */
  private static final Duration RETURN_MAX = Duration.ofSeconds(30);

  private static final int CLIENTS = 8;

  @TempDir Path folder;
  private DatabaseProcess database;
  private Server server;

  private static Duration setting(String name, Duration absent) {
    String text = System.getProperty(name);
    return text == null ? absent : Duration.parse("PT" + text);
  }

  @BeforeEach
  void start() throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "signals and /proc are Linux's");
    database = DatabaseProcess.create(Files.createDirectory(folder.resolve("database")));
    String url =
        "jdbc:postgresql://127.0.0.1:%s/%s".formatted(database.port(), DatabaseProcess.APP);
    server =
        Server.start(
            ServerConfig.defaults()
                .with(PORT, 0)
                .with(HOME, folder.resolve("home"))
                .with(ENCRYPTION_KEY, new SecretKeySpec(new byte[32], "AES"))
                .with(SESSION_LEASE, LEASE)
                .with(
                    DATABASE_URL, new DatabaseUrl(url, DatabaseProcess.APP, DatabaseProcess.APP)));
  }

  @AfterEach
  void close() {
    if (server != null) {
      server.close();
    }
    if (database != null) {
      database.close();
    }
  }

  private Fanfare client() {
    return Fanfare.builder()
        .url(server.url().toString())
        .secretKey(server.developmentKey())
        .build();
  }

  /** The outage is not the worker's fault. */
  @ParameterizedTest
  @EnumSource
  void HBT_10_an_outage_of_the_database_interrupts_no_handler_and_counts_no_loss(Outage outage)
      throws Exception {
    Fanfare fanfare = client();
    AtomicInteger executions = new AtomicInteger();
    AtomicInteger interrupts = new AtomicInteger();
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    Task<Integer, Integer> patient =
        Task.define("patient", Integer.class, Integer.class)
            .handler((payload, run) -> {
              executions.incrementAndGet();
              running.countDown();
              try {
                end.await();
              } catch (InterruptedException e) {
                interrupts.incrementAndGet();
                throw e;
              }
              return payload;
            });
    try (Worker worker = Worker.builder(fanfare).task(patient).start()) {
      String run = fanfare.trigger(patient, 1).id();
      assertThat(running.await(DONE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      Await.until(
          "the start to be reported",
          DONE,
          () -> number("select count(*) from leases where started_at is not null") == 1);
      addDeadSession();
      outage.begin(database);
      TimeUnit.NANOSECONDS.sleep(FROZEN.toNanos()); // the fault itself
      outage.end(database);
      // When the session that nobody renews has lapsed, the server has decided on all of them.
      Await.until(
          "the dead worker to be noticed",
          DONE,
          () -> number("select count(*) from sessions where name = 'dead'") == 0);
      assertThat(interrupts).hasValue(0);
      assertThat(number("select sum(losses) from leases")).isZero();
      end.countDown();
      Run ended = fanfare.runs().await(run, DONE);
      assertThat(ended.status()).isEqualTo(RunStatus.COMPLETED);
      assertThat(ended.attemptCount()).isEqualTo(1);
      assertThat(executions).hasValue(1);
      assertThat(interrupts).hasValue(0);
    } finally {
      end.countDown();
    }
  }

  /** Clients that trigger all the time, one request after another, are served again at once. */
  @ParameterizedTest
  @EnumSource
  void triggers_are_stored_soon_after_the_database_is_back(Outage outage) throws Exception {
    try (ImpatientClients clients =
        ImpatientClients.triggering(server.url(), server.developmentKey(), CLIENTS)) {
      clients.awaitEachServed(DONE);
      outage.begin(database);
      TimeUnit.NANOSECONDS.sleep(FROZEN.toNanos()); // the fault itself
      outage.end(database);
      List<Duration> waits = new ArrayList<>(clients.awaitEachServed(DONE));
      Collections.sort(waits);
      System.out.printf(
          "%s for %s: the first of %s clients was served after %s ms, the last one after %s ms%n",
          outage, FROZEN, CLIENTS, waits.getFirst().toMillis(), waits.getLast().toMillis());
      assertThat(waits).allMatch(wait -> wait.compareTo(RETURN_MAX) < 0);
      assertThat(clients.surprises()).isEmpty();
    }
  }

  private void addDeadSession() throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          insert into sessions
                 (environment_id, session_id, name, version, slots, task_ids, opened_at, expires_at)
          select environment_id, gen_random_uuid(), 'dead', version, slots, task_ids, opened_at,
                 clock_timestamp() + interval '%s seconds'
            from sessions
          """
              .formatted(LEASE.toSeconds()));
    }
  }

  private long number(String sql) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}

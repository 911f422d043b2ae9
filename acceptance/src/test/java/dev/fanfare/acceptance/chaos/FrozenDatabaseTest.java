package dev.fanfare.acceptance.chaos;

import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.ENCRYPTION_KEY;
import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.PORT;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fanfare.postgres.EmbeddedPostgres;
import dev.fanfare.postgres.EmbeddedPostgresConfig;
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
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The database stands still for longer than a session lives, under a running handler. The outage is
 * not the worker's fault: its handler is not interrupted and nothing is executed twice.
 *
 * <p>The times are short. For a run with others: {@code -Dfanfare.freeze=35s
 * -Dfanfare.freeze.lease=30s}.
 */
class FrozenDatabaseTest {
  private static final Duration FROZEN = setting("fanfare.freeze", Duration.ofSeconds(7));
  private static final Duration LEASE = setting("fanfare.freeze.lease", Duration.ofSeconds(3));

  /** The time limit for what must happen after the outage, on a busy machine. */
  private static final Duration DONE = Duration.ofSeconds(120);

  @TempDir Path folder;
  private EmbeddedPostgres postgres;
  private Server server;

  private static Duration setting(String name, Duration absent) {
    String text = System.getProperty(name);
    return text == null ? absent : Duration.parse("PT" + text);
  }

  @AfterEach
  void close() throws Exception {
    if (server != null) {
      server.close();
    }
    if (postgres != null) {
      signal("CONT");
      postgres.close();
    }
  }

  @Test
  void HBT_10_an_outage_of_the_database_interrupts_no_handler_and_counts_no_loss()
      throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "signals and /proc are Linux's");
    postgres = EmbeddedPostgres.start(EmbeddedPostgresConfig.in(folder.resolve("postgres")));
    server =
        Server.start(
            ServerConfig.defaults()
                .with(PORT, 0)
                .with(HOME, folder.resolve("home"))
                .with(ENCRYPTION_KEY, new SecretKeySpec(new byte[32], "AES"))
                .with(SESSION_LEASE, LEASE)
                .with(
                    DATABASE_URL,
                    new DatabaseUrl(postgres.jdbcUrl(), postgres.user(), postgres.password())));
    Fanfare fanfare =
        Fanfare.builder().url(server.url().toString()).secretKey(server.developmentKey()).build();
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
      signal("STOP");
      TimeUnit.NANOSECONDS.sleep(FROZEN.toNanos()); // the fault itself
      signal("CONT");
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

  private void addDeadSession() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          insert into sessions
                 (environment_id, session_id, name, version, slots, task_ids, opened_at, expires_at)
          select environment_id, gen_random_uuid(), 'dead', version, slots, task_ids, opened_at,
                 clock_timestamp() + interval '%d seconds'
            from sessions
          """
              .formatted(LEASE.toSeconds()));
    }
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(
        postgres.jdbcUrl() + "?currentSchema=fanfare", postgres.user(), postgres.password());
  }

  private long number(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  /** Sends a signal to all processes of PostgreSQL. */
  private void signal(String signal) throws Exception {
    Path pidFile = postgres.dataFolder().resolve("postmaster.pid");
    if (Files.notExists(pidFile)) {
      return;
    }
    long postmaster = Long.parseLong(Files.readAllLines(pidFile).getFirst().strip());
    ProcessHandle handle = ProcessHandle.of(postmaster).orElseThrow();
    List<String> command = new ArrayList<>(List.of("kill", "-" + signal));
    Stream.concat(Stream.of(handle), handle.descendants())
        .forEach(process -> command.add(Long.toString(process.pid())));
    new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}

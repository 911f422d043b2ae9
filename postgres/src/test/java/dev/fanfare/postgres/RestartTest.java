package dev.fanfare.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that ends although nobody closed it is restarted on its port. */
@Timeout(120)
class RestartTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir Path folder;
  private EmbeddedPostgresConfig config;

  @BeforeEach
  void needSignals() {
    assumeFalse(Platform.isWindows());
    config = EmbeddedPostgresConfig.in(folder.resolve("home")).withoutDurability();
  }

  /** TERM waits for all clients, INT and QUIT do not, ABRT is a crash, KILL is the OOM killer. */
  @ParameterizedTest
  @ValueSource(strings = {"KILL", "TERM", "INT", "QUIT", "ABRT"})
  void a_server_ended_by_a_signal_comes_back_on_its_port_with_its_data(String signal)
      throws Exception {
    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      Sql.execute(server, "create table note (text text)", "insert into note values ('kept')");
      Sql.execute(server, "checkpoint"); // commits are not synchronous here
      int port = server.port();
      long before = postmaster();
      try (Connection client = Sql.connect(server)) {
        signal(signal, before);
        awaitSuccessorOf(before);
        assertThat(client.isValid(5)).as("the old connection").isFalse();
      }
      assertThat(server.port()).isEqualTo(port);
      assertThat(Sql.single(server, "select text from note")).isEqualTo("kept");
      Poll.until("it is running", SOON, server::isRunning);
    }
    assertNothingRuns();
  }

  @Test
  void a_server_killed_several_times_comes_back_each_time() throws Exception {
    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      for (int i = 0; i < 4; i++) {
        long before = postmaster();
        signal("KILL", before);
        awaitSuccessorOf(before);
        Poll.until("logins work", SOON, () -> accepts(server));
      }
    }
  }

  @Test
  void a_server_whose_backend_crashed_recovers_by_itself() throws Exception {
    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      long before = postmaster();
      signal("SEGV", Long.parseLong(backend(server)));
      Poll.until("logins work again", SOON, () -> accepts(server));
      assertThat(postmaster()).isEqualTo(before);
    }
  }

  @Test
  void a_server_without_its_guard_is_replaced_by_a_guarded_one() throws Exception {
    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      long before = postmaster();
      ProcessHandle.of(before).flatMap(ProcessHandle::parent).orElseThrow().destroyForcibly();
      awaitSuccessorOf(before);
      Poll.until("logins work", SOON, () -> accepts(server));
      assertThat(ProcessHandle.of(before)).isEmpty();
    }
    assertNothingRuns();
  }

  @Test
  void closing_during_a_restart_leaves_no_server_behind() throws Exception {
    for (int i = 0; i < 4; i++) {
      EmbeddedPostgres server = EmbeddedPostgres.start(config);
      long before = postmaster();
      signal("KILL", before);
      Poll.until("the server is dead", SOON, () -> ProcessHandle.of(before).isEmpty());
      TimeUnit.MILLISECONDS.sleep(i * 60); // at another step of the restart
      server.close();
      assertNothingRuns();
    }
  }

  @Test
  void a_home_stays_reserved_while_its_server_is_restarted() throws Exception {
    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      long before = postmaster();
      signal("KILL", before);
      Poll.until("the server is dead", SOON, () -> ProcessHandle.of(before).isEmpty());
      assertThatThrownBy(() -> EmbeddedPostgres.start(config))
          .isInstanceOf(PostgresException.class)
          .hasMessageContaining("is in use by");
      awaitSuccessorOf(before);
      Poll.until("logins work", SOON, () -> accepts(server));
    }
  }

  @Test
  void a_server_that_cannot_be_restarted_is_reported_once() throws Exception {
    CompletableFuture<PostgresException> lost = new CompletableFuture<>();
    try (EmbeddedPostgres server = EmbeddedPostgres.start(config, new RestartLimit(3))) {
      server.onLost(lost::complete);
      Path control = server.dataFolder().resolve("global/pg_control");
      Files.move(control, folder.resolve("pg_control"));
      signal("KILL", postmaster());

      assertThat(lost.get(60, TimeUnit.SECONDS))
          .hasMessageContaining("does not stay up")
          .hasMessageContaining("restarted 3 times within 5 minutes")
          .hasMessageContaining("pg_control");
      assertThat(server.isRunning()).isFalse();

      CompletableFuture<PostgresException> late = new CompletableFuture<>();
      server.onLost(late::complete);
      assertThat(late.get(10, TimeUnit.SECONDS)).isSameAs(lost.get());
    }
  }

  @Test
  void the_action_for_a_lost_server_may_close_it() throws Exception {
    CompletableFuture<Void> closed = new CompletableFuture<>();
    EmbeddedPostgres server = EmbeddedPostgres.start(config, new RestartLimit(1));
    server.onLost(reason -> {
      server.close();
      closed.complete(null);
    });
    Files.delete(server.dataFolder().resolve("PG_VERSION"));
    signal("KILL", postmaster());
    closed.get(60, TimeUnit.SECONDS);
  }

  @Test
  void pauses_between_restarts_grow_until_the_limit() {
    RestartLimit limit = new RestartLimit(RestartLimit.RESTARTS_MAX);
    List<Long> pauses =
        List.of(0L, 250L, 500L, 1_000L, 2_000L, 4_000L, 8_000L, 15_000L, 15_000L, 15_000L);
    for (int i = 0; i < pauses.size(); i++) {
      assertThat(limit.next(minutes(0) + i)).isEqualTo(Duration.ofMillis(pauses.get(i)));
    }
    assertThat(limit.next(minutes(4))).isNull();
    assertThat(limit.next(minutes(6))).as("after a quiet time").isEqualTo(Duration.ZERO);
  }

  private static long minutes(long minutes) {
    return TimeUnit.MINUTES.toNanos(minutes);
  }

  private static String backend(EmbeddedPostgres server) throws SQLException {
    return Sql.single(
        server,
        "select pid from pg_stat_activity where backend_type = 'autovacuum launcher'"
            + " or backend_type = 'checkpointer' limit 1");
  }

  private static boolean accepts(EmbeddedPostgres server) {
    try (Connection connection = Sql.connect(server)) {
      return connection.isValid(5);
    } catch (SQLException notYet) {
      return false;
    }
  }

  private static void signal(String name, long pid) throws Exception {
    assertThat(Command.run(SOON, List.of("sh", "-c", "kill -" + name + " " + pid)).status())
        .isZero();
  }

  private void awaitSuccessorOf(long former) throws Exception {
    Poll.until(
        "another server is ready",
        SOON,
        () -> {
          PostmasterPid file = PostmasterPid.read(config.home().resolve("data"));
          return file != null && file.pid() != former && file.ready();
        });
  }

  private long postmaster() throws IOException {
    return PostmasterPid.read(config.home().resolve("data")).pid();
  }

  /** Polls, because what was killed takes a moment to end. */
  private void assertNothingRuns() throws Exception {
    String data = config.home().resolve("data").toString();
    Poll.until(
        "no process of the server runs",
        SOON,
        () ->
            ProcessHandle.allProcesses()
                .noneMatch(process -> process.info().commandLine().orElse("").contains(data)));
  }
}

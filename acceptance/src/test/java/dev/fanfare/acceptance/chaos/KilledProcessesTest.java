package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fanfare.acceptance.MigratedDatabase;
import dev.fanfare.acceptance.chaos.Processes.Serving;
import dev.fanfare.examples.DemoTasks;
import dev.fanfare.examples.DemoTasks.Nap;
import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills, freezes and stops processes while a batch of 1,000 short sleeps executes. Each time, every
 * run completes once, no run has two holders, and nothing acknowledged is lost.
 */
@Timeout(300)
class KilledProcessesTest {
  private static final int RUNS = 1_000;
  private static final int SLOTS = 50;
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration DONE = Duration.ofSeconds(90);

  /** How long a process may take to exit beyond its grace period, on a busy machine. */
  private static final Duration STOPPED = Duration.ofSeconds(30);

  @TempDir Path folder;
  private final Processes processes = new Processes();
  private final List<AutoCloseable> closed = new ArrayList<>();

  @BeforeEach
  void needSignals() {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "signals and /proc are Linux's");
  }

  @AfterEach
  void leaveNothingBehind() throws Exception {
    processes.close();
    for (AutoCloseable each : closed) {
      each.close();
    }
    awaitNoProcessIn(folder);
  }

  @Test
  void the_runs_of_a_killed_worker_are_executed_by_the_next_one() throws Exception {
    TestDatabase database = database();
    Serving server = processes.server("server", folder.resolve("home"), database);
    LeaseHistory history = LeaseHistory.install(database::connect);
    Jvm worker = processes.worker("worker", server, SLOTS);
    BatchHandle batch = triggerNaps(server.client());

    awaitEnded(history, 200);
    freezeHolding(worker, history);
    worker.kill();
    assertThat(history.held()).as("runs that the killed worker held").isNotEmpty();
    processes.worker("next worker", server, SLOTS);

    assertAllCompletedOnce(history);
    assertThat(history.claimsAfterLoss()).as("runs taken from the killed worker").isPositive();
    assertThat(history.sessions()).hasSizeGreaterThan(1);
    assertThat(server.client().batches().retrieve(batch.id()).status())
        .isEqualTo(BatchStatus.COMPLETED);
  }

  @Test
  void a_killed_server_and_its_database_lose_no_acknowledged_run() throws Exception {
    Path home = folder.resolve("home");
    Serving server = processes.server("server", home);
    LeaseHistory history = LeaseHistory.install(() -> embedded(home));
    processes.worker("worker", server, SLOTS);
    triggerNaps(server.client());

    awaitEnded(history, 200);
    BatchClients clients = BatchClients.start(server.impatientClient(), 4);
    clients.awaitAcknowledged(8);
    server.jvm().kill();
    clients.awaitEnd();
    awaitNoProcessIn(home);

    processes.set("FANFARE_PORT", Integer.toString(server.url().getPort()));
    Serving again = processes.server("server again", home);
    assertAllCompletedOnce(history);
    Map<String, Long> runs = history.runsByTag();
    assertThat(clients.acknowledged())
        .allSatisfy(tag -> assertThat(runs).containsEntry(tag, (long) BatchClients.ITEMS));
    assertThat(clients.unanswered())
        .allSatisfy(
            tag -> assertThat(runs.getOrDefault(tag, 0L)).isIn(0L, (long) BatchClients.ITEMS));
    assertThat(clients.surprises()).isEmpty();

    again.jvm().terminate();
    assertThat(again.jvm().awaitExit(STOPPED)).isZero();
    awaitNoProcessIn(home);
  }

  @Test
  void if_one_of_two_servers_is_killed_the_other_does_all_the_work() throws Exception {
    TestDatabase database = database();
    Serving first = processes.server("first server", folder.resolve("first"), database);
    Serving second = processes.server("second server", folder.resolve("second"), database);
    LeaseHistory history = LeaseHistory.install(database::connect);
    processes.worker("first worker", first, SLOTS / 2);
    processes.worker("second worker", second, SLOTS / 2);
    BatchHandle batch = triggerNaps(first.client());
    assertThat(second.client().batches().retrieve(batch.id()).runIds()).isEqualTo(batch.runIds());

    awaitEnded(history, 200);
    BatchClients callsFirst = BatchClients.start(first.impatientClient(), 2);
    BatchClients callsSecond = BatchClients.start(second.impatientClient(), 2);
    callsFirst.awaitAcknowledged(2);
    callsSecond.awaitAcknowledged(2);
    assertThat(history.sessions()).as("sessions at work").hasSizeGreaterThan(1);
    first.jvm().kill();
    callsFirst.awaitEnd();
    callsSecond.stop();
    callsSecond.awaitEnd();

    assertAllCompletedOnce(history);
    assertThat(second.client().batches().retrieve(batch.id()).status())
        .isEqualTo(BatchStatus.COMPLETED);
    assertThat(callsSecond.unanswered()).as("calls of the server that lives").isEmpty();
    assertThat(history.runsByTag())
        .containsKeys(callsFirst.acknowledged().toArray(String[]::new))
        .containsKeys(callsSecond.acknowledged().toArray(String[]::new));
  }

  /**
   * Stops the worker at a moment when it holds runs. Sleeps that began together also end together,
   * and then the worker briefly holds none. It checks several times, because a report may have been
   * in flight.
   */
  private static void freezeHolding(Jvm worker, LeaseHistory history) {
    Await.until(
        "the worker to hold runs when it is stopped",
        SOON,
        () -> {
          worker.freeze();
          for (int look = 0; look < 20; look++) {
            if (history.held().isEmpty()) {
              worker.thaw();
              return false;
            }
          }
          return true;
        });
  }

  /** HBT-07. */
  @Test
  void a_worker_frozen_past_its_lease_is_rejected_and_continues_in_a_new_session()
      throws Exception {
    TestDatabase database = database();
    Serving server = processes.server("server", folder.resolve("home"), database);
    LeaseHistory history = LeaseHistory.install(database::connect);
    Jvm worker = processes.worker("worker", server, SLOTS);
    triggerNaps(server.client());

    awaitEnded(history, 200);
    freezeHolding(worker, history);
    Set<UUID> held = history.held();
    List<UUID> sessions = history.sessions();
    assertThat(held).as("runs that the frozen worker held").isNotEmpty();
    Await.until("its runs to be taken back", SOON, () -> history.held().isEmpty());
    worker.thaw();

    assertAllCompletedOnce(history);
    assertThat(
            history.number(
                """
                select count(*)
                  from (select distinct on (run_id) run_id, session_id
                          from lease_history
                         where run_id = any (?)
                         order by run_id, step desc) as ended
                 where session_id = any (?)
                """,
                held.toArray(UUID[]::new),
                sessions.toArray(UUID[]::new)))
        .as("runs whose end the frozen session could report")
        .isZero();
    assertThat(history.sessions()).as("sessions of the worker").hasSizeGreaterThan(sessions.size());
    assertThat(worker.lines()).anyMatch(line -> line.contains("The session lapsed"));
  }

  @Test
  void a_stopping_server_completes_every_request_it_accepted() throws Exception {
    TestDatabase database = database();
    Serving server = processes.server("server", folder.resolve("home"), database);
    LeaseHistory history = LeaseHistory.install(database::connect);
    processes.worker("worker", server, SLOTS);
    triggerNaps(server.client());

    awaitEnded(history, 200);
    BatchClients clients = BatchClients.start(server.impatientClient(), 4);
    clients.awaitAcknowledged(8);
    server.jvm().terminate();
    assertThat(server.jvm().awaitExit(STOPPED)).as("status after SIGTERM").isZero();
    clients.awaitEnd();

    processes.set("FANFARE_PORT", Integer.toString(server.url().getPort()));
    processes.server("server again", folder.resolve("home"), database);
    assertAllCompletedOnce(history);
    Map<String, Long> runs = history.runsByTag();
    assertThat(clients.acknowledged())
        .allSatisfy(tag -> assertThat(runs).containsEntry(tag, (long) BatchClients.ITEMS));
    assertThat(clients.refused()).doesNotContainAnyElementsOf(runs.keySet());
    assertThat(clients.unanswered())
        .as("calls whose answer was cut: they must not have been accepted")
        .doesNotContainAnyElementsOf(runs.keySet());
    assertThat(clients.surprises()).isEmpty();
  }

  @Test
  void a_stopping_worker_finishes_running_attempts_and_returns_the_rest() throws Exception {
    processes.set("FANFARE_SESSION_LEASE", "30s"); // this test must not depend on a lapsing lease
    TestDatabase database = database();
    Serving server = processes.server("server", folder.resolve("home"), database);
    LeaseHistory history = LeaseHistory.install(database::connect);
    Jvm worker = processes.worker("worker", server, SLOTS);
    triggerNaps(server.client());

    awaitEnded(history, 200);
    worker.terminate();
    assertThat(worker.awaitExit(STOPPED)).as("status after SIGTERM").isEqualTo(128 + 15);
    assertThat(history.held()).as("runs that the worker kept").isEmpty();
    assertThat(history.number("select count(*) from sessions")).as("open sessions").isZero();
    assertThat(history.ended()).isLessThan(RUNS);
    processes.worker("next worker", server, SLOTS);

    assertAllCompletedOnce(history);
    assertThat(history.claimsAfterLoss()).as("runs that count as lost").isZero();
  }

  private TestDatabase database() {
    TestDatabase database = MigratedDatabase.create();
    closed.add(database);
    return database;
  }

  /** Sleeps of different lengths, so that some runs are held at any moment. */
  private static BatchHandle triggerNaps(Fanfare fanfare) {
    return fanfare.batchTrigger(
        DemoTasks.SLOW, IntStream.range(0, RUNS).mapToObj(i -> new Nap(50 + i % 150)).toList());
  }

  private void awaitEnded(LeaseHistory history, int runs) {
    Await.until(runs + " runs to end", DONE, () -> history.ended() >= runs);
  }

  private void assertAllCompletedOnce(LeaseHistory history) throws Exception {
    history.awaitAllDone(DONE, processes);
    history.assertAllCompletedOnce();
    history.assertOneHolderAtATime();
  }

  private static void awaitNoProcessIn(Path home) {
    Await.untilAsserted(
        SOON, () -> assertThat(processesIn(home)).as("the server's database").isEmpty());
  }

  /** Connects to the database in {@code home}, whose port changes at every start. */
  private static Connection embedded(Path home) throws SQLException {
    Path postgres = home.resolve("postgres");
    try {
      String port = Files.readAllLines(postgres.resolve("data/postmaster.pid")).get(3);
      return DriverManager.getConnection(
          "jdbc:postgresql://127.0.0.1:" + port + "/fanfare",
          "fanfare",
          Files.readString(postgres.resolve("password")).strip());
    } catch (IOException | IndexOutOfBoundsException e) {
      throw new SQLException("There is no database in " + home, e);
    }
  }

  /** The processes whose command line contains the folder, such as those of its database. */
  private static List<String> processesIn(Path home) throws IOException {
    String name = home.toRealPath().toString();
    return ProcessHandle.allProcesses()
        .filter(p -> p.info().commandLine().orElse("").contains(name))
        .map(p -> p.pid() + " " + p.info().commandLine().orElse(""))
        .toList();
  }
}

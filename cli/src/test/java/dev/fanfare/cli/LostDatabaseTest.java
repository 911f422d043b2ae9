package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The embedded PostgreSQL is killed under a running server. */
@Timeout(300)
class LostDatabaseTest {
  private static final String KEY = "tr_dev_" + "k".repeat(24);

  @TempDir Path folder;

  @BeforeEach
  void needSignals() {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "signals and /proc are Linux's");
  }

  @Test
  void a_server_serves_again_after_its_postgres_was_killed() throws Exception {
    try (CommandProcess server =
        CommandProcess.in(folder).set("FANFARE_DEV_KEY", KEY).run("server")) {
      URI url = server.awaitReady();
      assertThat(trigger(url)).isEqualTo(200);
      for (int i = 0; i < 2; i++) {
        kill(postmaster());
        server.awaitErr("restarting it");
        awaitTrigger(url);
      }
      assertThat(server.err.text()).contains("PostgreSQL is running again on port");
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
    assertThat(processesIn(folder)).isEmpty();
  }

  @Test
  void a_server_whose_postgres_cannot_be_restarted_exits_with_69_and_the_reason() throws Exception {
    try (CommandProcess server = CommandProcess.in(folder).run("server")) {
      server.awaitReady();
      Files.delete(folder.resolve(".fanfare/postgres/data/global/pg_control"));
      kill(postmaster());
      assertThat(server.awaitExit()).isEqualTo(ExitStatus.UNAVAILABLE);
      assertThat(server.err.text()).contains("does not stay up").contains("pg_control");
    }
    assertThat(processesIn(folder)).isEmpty();
  }

  @Test
  void a_signal_to_all_processes_at_once_ends_them_in_order() throws Exception {
    try (CommandProcess server = CommandProcess.in(folder).run("server")) {
      server.awaitReady();
      long postgres = postmaster();
      server.signal("TERM");
      ProcessHandle.of(postgres).orElseThrow().destroy();
      assertThat(server.awaitExit()).isZero();
      assertThat(server.err.text()).doesNotContain("restarting", "failed", "ERROR");
    }
    assertThat(processesIn(folder)).isEmpty();
  }

  private static int trigger(URI url) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request =
          HttpRequest.newBuilder(url.resolve("/api/v1/tasks/echo/trigger"))
              .header("Authorization", "Bearer " + KEY)
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString("{\"payload\":1}"))
              .build();
      return client.send(request, BodyHandlers.discarding()).statusCode();
    }
  }

  private static void awaitTrigger(URI url) throws Exception {
    long end = System.nanoTime() + CommandProcess.SOON.toNanos();
    while (trigger(url) != 200) {
      assertThat(System.nanoTime()).as("no trigger succeeds").isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private long postmaster() throws Exception {
    Path file = folder.resolve(".fanfare/postgres/data/postmaster.pid");
    return Long.parseLong(Files.readAllLines(file).getFirst().strip());
  }

  private static void kill(long pid) {
    ProcessHandle.of(pid).orElseThrow().destroyForcibly();
  }

  private static List<String> processesIn(Path folder) {
    Stream<String> commands =
        ProcessHandle.allProcesses().map(process -> process.info().commandLine().orElse(""));
    return commands.filter(command -> command.contains(folder + "/.fanfare")).toList();
  }
}

package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signals end a process in order, within its grace period, and leave no PostgreSQL behind. */
@Timeout(600)
class SignalsTest {
  @TempDir Path folder;

  @BeforeEach
  void needSignals() {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "signals and /proc are Linux's");
  }

  @Test
  void a_signal_during_the_first_start_leaves_nothing_running() throws Exception {
    try (CommandProcess server = CommandProcess.in(folder).run("server")) {
      await(() -> Files.isDirectory(folder.resolve(".fanfare/postgres")), "the start has begun");
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
    awaitNoProcess();
    try (CommandProcess server = CommandProcess.in(folder).run("server")) {
      server.awaitReady();
      server.signal("INT");
      server.signal("INT");
      server.signal("TERM");
      assertThat(server.awaitExit()).as("signaled three times").isZero();
    }
    awaitNoProcess();
  }

  @Test
  void a_closed_output_a_pause_and_a_thread_dump_do_not_end_a_server() throws Exception {
    try (CommandProcess server =
        CommandProcess.in(folder).prefix("sh", "-c", "\"$@\" | head -n 1", "sh").run("server")) {
      URI url = server.awaitReady();
      ProcessHandle java =
          server.process.descendants().filter(SignalsTest::isServer).findFirst().orElseThrow();
      for (String signal : new String[] {"PIPE", "QUIT", "TSTP", "CONT"}) {
        new ProcessBuilder("kill", "-" + signal, Long.toString(java.pid())).start().waitFor();
      }
      try (Socket socket = new Socket(url.getHost(), url.getPort())) {
        socket.setSoTimeout((int) Duration.ofSeconds(60).toMillis());
        socket
            .getOutputStream()
            .write(
                "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
        assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
            .startsWith("HTTP/1.1 200");
      }
      java.destroy();
      assertThat(server.awaitExit()).isZero();
    }
    awaitNoProcess();
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "HUP"})
  void a_hangup_and_ctrl_c_stop_a_server_too(String signal) throws Exception {
    // A shell starts its background jobs, perhaps this test, with some signals ignored.
    assumeTrue(
        new ProcessBuilder("env", "--default-signal", "true").start().waitFor() == 0,
        "env cannot reset signals");
    try (CommandProcess dev =
        CommandProcess.in(folder).prefix("env", "--default-signal").run("dev")) {
      dev.awaitReady();
      dev.signal(signal);
      assertThat(dev.awaitExit()).isZero();
    }
    awaitNoProcess();
  }

  /** By its program: a command line with a long class path is cut. */
  private static boolean isServer(ProcessHandle process) {
    return process.info().command().orElse("").endsWith("/java");
  }

  private void awaitNoProcess() throws Exception {
    await(
        () ->
            ProcessHandle.allProcesses()
                .noneMatch(p -> p.info().commandLine().orElse("").contains(folder + "/")),
        "no process is left");
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition condition, String what) throws Exception {
    long end = System.nanoTime() + CommandProcess.SOON.toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("waiting until " + what).isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }
}

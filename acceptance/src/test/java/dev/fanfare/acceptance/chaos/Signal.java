package dev.fanfare.acceptance.chaos;

import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Signals to processes, and what they do to them. */
final class Signal {
  private static final Duration SOON = Duration.ofSeconds(10);

  private Signal() {}

  /**
   * Sends a signal to a process that must exist.
   *
   * @param signal without its prefix, such as {@code KILL}
   */
  static void send(String signal, long pid) throws IOException, InterruptedException {
    if (!trySend(signal, pid)) {
      throw new AssertionError("SIG" + signal + " did not reach process " + pid);
    }
  }

  /** Sends a signal; returns whether the process existed. */
  static boolean trySend(String signal, long pid) throws IOException, InterruptedException {
    return new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }

  /** Sends SIGSTOP, and waits until the process is frozen. */
  static void freeze(long pid) throws IOException, InterruptedException {
    send("STOP", pid);
    Await.until("process " + pid + " to be frozen", SOON, () -> isFrozen(pid));
  }

  private static boolean isFrozen(long pid) throws IOException {
    return Files.readString(Path.of("/proc/" + pid + "/stat")).strip().matches(".*\\) [Tt] .*");
  }
}

package dev.fanfare.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A child process that ends with this JVM, even if the JVM is killed: a small shell script, the
 * guard, runs it and stops it when the pipe from the JVM closes. On Windows there is no guard: the
 * program outlives a killed JVM, and {@link Leftover} stops it at the next start.
 */
final class GuardedProcess {
  // Longer than the guard takes: it sends QUIT after 60 s and KILL after 80 s.
  private static final Duration STOP_BOUND = Duration.ofSeconds(90);

  private final Process process;

  private GuardedProcess(Process process) {
    this.process = process;
  }

  /**
   * Starts {@code command} in {@code folder}, and appends its output to the file {@code output}.
   *
   * @param environment variables to add to this JVM's environment
   */
  static GuardedProcess start(
      List<String> command, Map<String, String> environment, Path folder, Path output)
      throws IOException {
    List<String> guarded = new ArrayList<>();
    if (!Platform.isWindows()) {
      guarded.addAll(List.of("sh", "-c", script(), "fanfare-postgres"));
    }
    guarded.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(guarded)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    Command.cleanEnvironment(builder);
    builder.environment().putAll(environment);
    return new GuardedProcess(builder.start());
  }

  private static String script() throws IOException {
    try (InputStream in = GuardedProcess.class.getResourceAsStream("guard.sh")) {
      if (in == null) {
        throw new IllegalStateException("guard.sh is missing from the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  boolean alive() {
    return process.isAlive();
  }

  /** Whether {@code pid} is the guarded program itself. */
  boolean runs(long pid) {
    return pid == process.pid()
        || ProcessHandle.of(pid)
            .flatMap(ProcessHandle::parent)
            .filter(parent -> parent.pid() == process.pid())
            .isPresent();
  }

  /** Waits at most {@code bound}; returns whether the program has exited. */
  boolean ends(Duration bound) throws InterruptedException {
    return process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The exit status of a program that has exited; 128 and the signal if a signal ended it. */
  int status() {
    return process.exitValue();
  }

  /** Waits until the program exits, and returns its status. */
  int await(Duration bound) throws IOException, InterruptedException {
    if (process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
      return process.exitValue();
    }
    stop();
    throw new IOException("still running after " + bound.toSeconds() + " s");
  }

  /** Requests a fast shutdown by closing the pipe, and waits; returns whether the program ended. */
  boolean stop() throws IOException, InterruptedException {
    process.getOutputStream().close();
    if (Platform.isWindows()) {
      process.destroy(); // there is no guard; the next start recovers the data
    }
    return process.waitFor(STOP_BOUND.toMillis(), TimeUnit.MILLISECONDS);
  }
}

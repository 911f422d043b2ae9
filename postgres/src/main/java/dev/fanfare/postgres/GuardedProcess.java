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
 * A program that dies with this JVM, even when the JVM is killed: a small shell runs it and ends it
 * when the pipe from us closes. On Windows there is no such shell: the program stays behind after a
 * kill, and {@link Leftover} stops it at the next start.
 */
final class GuardedProcess {
  // The guard escalates after 60 s and kills after 80 s; it has the first say.
  private static final Duration STOP_BOUND = Duration.ofSeconds(90);

  private final Process process;

  private GuardedProcess(Process process) {
    this.process = process;
  }

  /**
   * Starts {@code command} in {@code folder}; what it prints is appended to {@code output}.
   *
   * @param environment variables on top of ours
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

  /** Waits until the program has ended by itself and returns its status. */
  int await(Duration bound) throws IOException, InterruptedException {
    if (process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
      return process.exitValue();
    }
    stop();
    throw new IOException("still running after " + bound.toSeconds() + " s");
  }

  /** Asks for a fast end by closing the pipe and waits for it; true when it has ended. */
  boolean stop() throws IOException, InterruptedException {
    process.getOutputStream().close();
    if (Platform.isWindows()) {
      process.destroy(); // without a guard this is all there is; recovery mends it
    }
    return process.waitFor(STOP_BOUND.toMillis(), TimeUnit.MILLISECONDS);
  }
}

package dev.fanfare.acceptance.chaos;

import dev.fanfare.testkit.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A separate JVM on this test's class path, with its captured output. */
final class Jvm implements AutoCloseable {
  private static final int LINES_MAX = 2_000;
  private static final int LINES_TOLD = 25;
  private static final Duration SOON = Duration.ofSeconds(10);

  private final String name;
  private final Process process;
  private final @Nullable Path log;
  private final Thread reader;
  private final Deque<String> lines = new ArrayDeque<>(); // guarded by itself

  private Jvm(String name, Process process, @Nullable Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.reader = Thread.ofVirtual().start(this::read);
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
  }

  /** Options for processes that are too short-lived to benefit from the optimizing compiler. */
  static final List<String> SHORT_LIVED =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m");

  /** Starts a main class with only those Fanfare settings that are in {@code environment}. */
  static Jvm start(String name, Class<?> main, List<String> args, Map<String, String> environment)
      throws IOException {
    return start(name, SHORT_LIVED, main, args, environment, null);
  }

  /**
   * Starts a main class with only those Fanfare settings that are in {@code environment}.
   *
   * @param log the file to which the output is appended; null: none
   */
  static Jvm start(
      String name,
      List<String> options,
      Class<?> main,
      List<String> args,
      Map<String, String> environment,
      @Nullable Path log)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(args);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(v -> v.matches("(FANFARE|TRIGGER|JAVA|JDK)_.*"));
    builder.environment().putAll(environment);
    return new Jvm(name, builder.start(), log);
  }

  private void read() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        synchronized (lines) {
          if (lines.size() == LINES_MAX) {
            lines.removeFirst();
          }
          lines.addLast(line);
        }
        if (log != null) {
          Files.writeString(
              log,
              line + System.lineSeparator(),
              StandardOpenOption.CREATE,
              StandardOpenOption.APPEND);
        }
      }
    } catch (IOException e) {
      // the process was killed
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Sends SIGKILL: the process dies without any cleanup. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(SOON.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("SIGKILL did not end the " + this);
    }
  }

  /** Sends SIGTERM: requests a shutdown. */
  void terminate() {
    process.destroy();
  }

  /** Sends SIGSTOP: freezes the process. */
  void freeze() throws Exception {
    Signal.freeze(pid());
  }

  /** Sends SIGCONT: resumes the frozen process. */
  void thaw() throws Exception {
    Signal.send("CONT", pid());
  }

  /** Waits until the process exits; returns its status. */
  int awaitExit(Duration bound) throws InterruptedException {
    if (!process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("Still there after %s: the %s".formatted(bound, this));
    }
    reader.join(SOON);
    return process.exitValue();
  }

  /** Waits for a line with this beginning, and returns it. */
  String awaitLine(String beginning, Duration bound) {
    Await.until(
        "the %s to say '%s'".formatted(name, beginning),
        bound,
        () -> line(beginning) != null || !process.isAlive() && !reader.isAlive());
    String line = line(beginning);
    if (line == null) {
      throw new AssertionError("It ended without a line '%s': the %s".formatted(beginning, this));
    }
    return line;
  }

  private String line(String beginning) {
    return lines().filter(line -> line.startsWith(beginning)).findFirst().orElse(null);
  }

  /** The output so far, at least its last lines. */
  Stream<String> lines() {
    synchronized (lines) {
      return new ArrayList<>(lines).stream();
    }
  }

  /** The process and its last output, for failure messages. */
  @Override
  public String toString() {
    List<String> all = lines().toList();
    List<String> last = all.subList(Math.max(0, all.size() - LINES_TOLD), all.size());
    return "%s (pid %d, %s), which said:%n  %s"
        .formatted(
            name,
            pid(),
            process.isAlive() ? "alive" : "ended with " + process.exitValue(),
            String.join(System.lineSeparator() + "  ", last));
  }

  /** Kills the process, in whatever state it is. */
  @Override
  public void close() throws InterruptedException {
    kill();
  }
}

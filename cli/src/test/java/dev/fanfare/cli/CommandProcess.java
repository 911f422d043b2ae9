package dev.fanfare.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A command in a JVM of its own, with its captured output. Closing kills it. */
final class CommandProcess implements AutoCloseable {
  /** The time limit for whatever should happen soon, on a busy machine. */
  static final Duration SOON = Duration.ofSeconds(90);

  static final String READY = "Fanfare is ready at ";

  final Process process;
  final Lines out;
  final Lines err;

  /** How to start a command; the environment has no settings but those named. */
  static final class Start {
    private final Path folder;
    private final List<String> words = new ArrayList<>();
    private final List<String> options = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private boolean clear;

    private Start(Path folder) {
      this.folder = folder;
      set("FANFARE_PORT", "0");
      set("FANFARE_SHUTDOWN_GRACE", "5s");
    }

    /** Prefixes the command, such as with {@code setsid}. */
    Start prefix(String... prefix) {
      words.addAll(List.of(prefix));
      return this;
    }

    Start java(String... more) {
      options.addAll(List.of(more));
      return this;
    }

    Start set(String name, String value) {
      environment.put(name, value);
      return this;
    }

    /** Starts with nothing in the environment but the PATH and what was set. */
    Start withoutEnvironment() {
      clear = true;
      return this;
    }

    CommandProcess run(String... arguments) throws IOException {
      List<String> command = new ArrayList<>(words);
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
      command.addAll(options);
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
      command.addAll(List.of(arguments));
      ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
      Map<String, String> variables = builder.environment();
      String path = variables.get("PATH");
      variables.keySet().removeIf(name -> clear || name.matches("(FANFARE|TRIGGER|JAVA|JDK)_.*"));
      variables.put("PATH", path);
      variables.putAll(environment);
      return new CommandProcess(builder.start());
    }
  }

  /** The lines of an output so far. */
  static final class Lines {
    private final List<String> lines = new ArrayList<>(); // guarded by itself
    private final Thread reader;

    private Lines(InputStream in) {
      reader = Thread.ofVirtual().start(() -> read(in));
    }

    private void read(InputStream in) {
      try (BufferedReader text =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
        for (String line = text.readLine(); line != null; line = text.readLine()) {
          synchronized (lines) {
            lines.add(line);
          }
        }
      } catch (IOException e) {
        // the process was killed
      }
    }

    List<String> all() {
      synchronized (lines) {
        return List.copyOf(lines);
      }
    }

    String text() {
      return String.join("\n", all());
    }
  }

  private CommandProcess(Process process) {
    this.process = process;
    this.out = new Lines(process.getInputStream());
    this.err = new Lines(process.getErrorStream());
  }

  static Start in(Path folder) {
    return new Start(folder);
  }

  long pid() {
    return process.pid();
  }

  /** Waits for the line that says that a server is ready; returns the server's URL. */
  URI awaitReady() throws InterruptedException {
    String ready = awaitOut(READY);
    return URI.create(ready.substring(READY.length()).split(" ", 2)[0]);
  }

  /** Waits for a line of the standard output that begins so. */
  String awaitOut(String beginning) throws InterruptedException {
    await("the line '" + beginning + "'", () -> find(out, beginning) != null);
    return find(out, beginning);
  }

  /** Waits for a line of the error output that contains this. */
  void awaitErr(String part) throws InterruptedException {
    await("an error line with '" + part + "'", () -> err.text().contains(part));
  }

  private static String find(Lines lines, String beginning) {
    return lines.all().stream().filter(l -> l.startsWith(beginning)).findFirst().orElse(null);
  }

  private void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + SOON.toNanos();
    while (!condition.getAsBoolean()) {
      boolean ended = !process.isAlive() && !out.reader.isAlive() && !err.reader.isAlive();
      if ((ended && !condition.getAsBoolean()) || System.nanoTime() > end) {
        throw new AssertionError("There was not %s in the output of %s".formatted(what, this));
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
  }

  /** Waits until the process has exited and its output is complete; returns its status. */
  int awaitExit() throws InterruptedException {
    if (!process.waitFor(SOON.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("It does not exit: " + this);
    }
    out.reader.join(SOON);
    err.reader.join(SOON);
    return process.exitValue();
  }

  @Override
  public String toString() {
    return "%s%n--- out%n%s%n--- err%n%s".formatted(process, out.text(), err.text());
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor(10, TimeUnit.SECONDS);
  }
}

package dev.fanfare.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A child process with the same Java and class path, but another main class. The harness exchanges
 * lines with it. It exits when its standard input closes, so it never outlives the harness.
 */
final class ChildJvm implements AutoCloseable {
  private static final int STOP_SECONDS = 15;

  /** The testkit's own file, made for tests, would win over this one. */
  private static final String LOGGING = "-Dlogback.configurationFile=logback.xml";

  private final Process process;
  private final BufferedReader out;
  private final BufferedWriter in;

  private ChildJvm(Process process) {
    this.process = process;
    this.out = process.inputReader(StandardCharsets.UTF_8);
    this.in = process.outputWriter(StandardCharsets.UTF_8);
  }

  /** Starts {@code main} with these JVM flags and additional environment variables. */
  static ChildJvm start(Class<?> main, List<String> flags, Map<String, String> environment)
      throws IOException {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.add(LOGGING);
    words.addAll(flags);
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    ProcessBuilder builder =
        new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().keySet().removeIf(name -> name.startsWith("FANFARE_"));
    builder.environment().putAll(environment);
    return new ChildJvm(builder.start());
  }

  /** Sends a line. */
  void send(String line) throws IOException {
    in.write(line);
    in.newLine();
    in.flush();
  }

  /** Reads lines until one begins with {@code word}, and returns the rest of that line. */
  String expect(String word) throws IOException {
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.equals(word)) {
        return "";
      }
      if (line.startsWith(word + " ")) {
        return line.substring(word.length() + 1);
      }
    }
    throw new IOException("A child process ended before it printed: " + word);
  }

  @Override
  public void close() {
    try {
      in.close();
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}

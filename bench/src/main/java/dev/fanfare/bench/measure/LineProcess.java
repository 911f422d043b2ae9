package dev.fanfare.bench.measure;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A child process with which the harness exchanges lines. It exits when its standard input closes,
 * so it never outlives the harness. What it prints to standard error, the harness prints, too.
 */
public final class LineProcess implements AutoCloseable {
  private static final int STOP_SECONDS = 15;

  /** The testkit's own file, made for tests, would win over this one. */
  private static final String LOGGING = "-Dlogback.configurationFile=logback.xml";

  private final Process process;
  private final BufferedReader out;
  private final BufferedWriter in;

  private LineProcess(Process process) {
    this.process = process;
    this.out = process.inputReader(StandardCharsets.UTF_8);
    this.in = process.outputWriter(StandardCharsets.UTF_8);
  }

  /**
   * Starts {@code main} with the same Java and class path, these JVM flags and additional
   * environment variables.
   */
  public static LineProcess java(Class<?> main, List<String> flags, Map<String, String> environment)
      throws IOException {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.add(LOGGING);
    words.addAll(flags);
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    return start(words, null, environment);
  }

  /** Starts a script with Node, in its folder, with additional environment variables. */
  public static LineProcess node(Path script, Map<String, String> environment) throws IOException {
    return start(List.of("node", script.toString()), script.getParent(), environment);
  }

  private static LineProcess start(
      List<String> words, @Nullable Path folder, Map<String, String> environment)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT);
    if (folder != null) {
      builder.directory(folder.toFile());
    }
    builder.environment().keySet().removeIf(name -> name.startsWith("FANFARE_"));
    builder.environment().putAll(environment);
    return new LineProcess(builder.start());
  }

  /** Sends a line. */
  public void send(String line) throws IOException {
    in.write(line);
    in.newLine();
    in.flush();
  }

  /** Reads lines until one begins with {@code word}, and returns the rest of that line. */
  public String expect(String word) throws IOException {
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

  /** The process. */
  public ProcessHandle handle() {
    return process.toHandle();
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

package dev.fanfare.postgres;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Another JVM that runs a server until the test ends it. */
final class ServerJvm implements AutoCloseable {
  private static final String READY = "READY ";
  private static final String REFUSED = "REFUSED ";

  private final Process process;
  private final BufferedReader output;

  private ServerJvm(Process process) {
    this.process = process;
    output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** The main class of the other JVM; its arguments are the home and the folder of binaries. */
  static final class Main {
    public static void main(String[] arguments) throws IOException {
      EmbeddedPostgresConfig config =
          new EmbeddedPostgresConfig(Path.of(arguments[0]), Path.of(arguments[1]), true);
      try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config)) {
        System.out.println(READY + postgres.jdbcUrl());
        System.in.read(); // until the test closes the pipe
      } catch (PostgresException e) {
        System.out.println(REFUSED + e.getMessage().replaceAll("\\s+", " "));
      }
    }
  }

  static ServerJvm launch(EmbeddedPostgresConfig config) throws IOException {
    return launch(config, List.of(), Map.of(), System.getProperty("java.class.path"));
  }

  static ServerJvm launch(
      EmbeddedPostgresConfig config,
      List<String> prefix,
      Map<String, String> environment,
      String classPath)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx128m", "-cp", classPath));
    command.add(Main.class.getName());
    command.addAll(List.of(config.home().toString(), config.binaries().toString()));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    return new ServerJvm(builder.start());
  }

  /** Waits for the server to be ready; returns its URL. */
  String awaitReady() throws IOException {
    return await(READY);
  }

  /** Waits until the server refuses to start; returns the message. */
  String awaitRefusal() throws IOException {
    return await(REFUSED);
  }

  private String await(String start) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith(start)) {
        return line.substring(start.length());
      }
      lines.add(line);
    }
    throw new AssertionError("The other JVM ended without printing " + start + ": " + lines);
  }

  /** Kills only the JVM, with SIGKILL: no shutdown hook runs, and its children get no signal. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      throw new AssertionError("SIGKILL did not end the JVM");
    }
  }

  /** Lets the JVM exit normally. */
  @Override
  public void close() throws IOException, InterruptedException {
    process.getOutputStream().close();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      kill();
    }
  }
}

package dev.fanfare.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The result of a short program: its exit status and its output. */
record Command(int status, String output) {

  static Command run(Duration bound, List<String> command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    cleanEnvironment(builder);
    Process process = builder.start();
    process.getOutputStream().close();
    // A few lines of output fit into the pipe's buffer, so they can be read after the program ends.
    if (!process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      throw new IOException(command + " is still running after " + bound.toSeconds() + " s");
    }
    try (InputStream in = process.getInputStream()) {
      String printed = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
      return new Command(process.exitValue(), printed);
    }
  }

  boolean succeeded() {
    return status == 0;
  }

  /**
   * Removes PGDATA, PGOPTIONS and similar variables, and the machine's locale and time zone, all of
   * which would change the server's behavior.
   */
  static void cleanEnvironment(ProcessBuilder builder) {
    builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
    builder.environment().put("LC_ALL", "C");
    builder.environment().put("TZ", "UTC");
  }
}

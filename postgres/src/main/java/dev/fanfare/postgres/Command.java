package dev.fanfare.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A short program run to its end: its status and what it printed. */
record Command(int status, String output) {

  static Command run(Duration bound, List<String> command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    cleanEnvironment(builder);
    Process process = builder.start();
    process.getOutputStream().close();
    // A few lines of output fit into the pipe, so they can wait there until the end.
    if (!process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      throw new IOException(command + " still running after " + bound.toSeconds() + " s");
    }
    try (InputStream in = process.getInputStream()) {
      String printed = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
      return new Command(process.exitValue(), printed);
    }
  }

  boolean succeeded() {
    return status == 0;
  }

  /** PGDATA, PGOPTIONS and the like would change the server behind our back. */
  static void cleanEnvironment(ProcessBuilder builder) {
    builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
    builder.environment().put("LC_ALL", "C");
  }
}

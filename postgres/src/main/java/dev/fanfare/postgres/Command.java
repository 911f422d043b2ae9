package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A short program run to its end: its status and what it printed. */
record Command(int status, String output) {

  static Command run(Duration bound, List<String> command)
      throws IOException, InterruptedException {
    // Output goes to a file: reading a pipe would wait for every process that inherits it.
    Path output = Files.createTempFile("fanfare-", ".out");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .redirectInput(ProcessBuilder.Redirect.PIPE);
      cleanEnvironment(builder);
      Process process = builder.start();
      process.getOutputStream().close();
      if (!process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new IOException(command + " still running after " + bound.toSeconds() + " s");
      }
      String printed = new String(Files.readAllBytes(output), StandardCharsets.UTF_8).strip();
      return new Command(process.exitValue(), printed);
    } finally {
      Files.deleteIfExists(output);
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

package dev.fanfare.bench.peer;

import dev.fanfare.bench.measure.LineProcess;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The peers from npm. Their versions and those of their dependencies are in the lock file. */
final class NpmPackage implements PeerDefinition.Launcher {
  private static final Path FOLDER = Path.of("src", "main", "npm").toAbsolutePath();
  private static final long NODE_SECONDS = 10;
  private static final long INSTALL_SECONDS = 300;

  private final String script;

  private NpmPackage(String script) {
    this.script = script;
  }

  static PeerDefinition graphileWorker() {
    return new PeerDefinition(
        "graphile-worker",
        "addJobs of 1,000, localQueue of 500 or the jobs in flight plus one, completeJobBatchDelay"
            + " 0, up to two connections more than jobs in flight",
        "graphile_worker._private_jobs",
        "select from graphile_worker._private_jobs",
        1,
        false,
        new NpmPackage("graphile-worker.mjs"));
  }

  static PeerDefinition pgBoss() {
    return new PeerDefinition(
        "pg-boss",
        "insert of 1,000, localConcurrency 4 with a batchSize of a quarter of the jobs in flight,"
            + " burstWhenBatchFull, LISTEN/NOTIFY, 10 connections",
        "pgboss.job",
        "select from pgboss.job where state < 'completed'",
        1,
        false,
        new NpmPackage("pg-boss.mjs"));
  }

  @Override
  public String missing() throws IOException, InterruptedException {
    if (!run(NODE_SECONDS, Redirect.DISCARD, "node", "--version")) {
      return "no Node";
    }
    if (installed() || (run(INSTALL_SECONDS, Redirect.INHERIT, "npm", "ci") && installed())) {
      return "";
    }
    return "npm ci failed in " + FOLDER;
  }

  /** npm writes its own copy of the lock file last, so the copy marks a complete installation. */
  private static boolean installed() throws IOException {
    Path written = FOLDER.resolve("node_modules").resolve(".package-lock.json");
    return Files.exists(written)
        && Files.getLastModifiedTime(written)
                .compareTo(Files.getLastModifiedTime(FOLDER.resolve("package-lock.json")))
            >= 0;
  }

  /** Runs a command; false if it does not exist or fails. */
  private static boolean run(long seconds, Redirect out, String... command)
      throws InterruptedException {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(List.of(command))
              .directory(FOLDER.toFile())
              .inheritIO()
              .redirectOutput(out);
      Process process = builder.start();
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
      return process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public LineProcess start(Map<String, String> environment) throws IOException {
    return LineProcess.node(FOLDER.resolve(script), environment);
  }
}

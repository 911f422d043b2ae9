package dev.fanfare.acceptance.clients;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fanfare.protocol.WireJson;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** Runs the checks of the SDKs in {@code src/test/npm/package.json} with Node.js. */
final class NodeSdks {
  private static final Path FOLDER = Path.of("src", "test", "npm").toAbsolutePath();
  private static final Path LOGS = Path.of("target", "clients").toAbsolutePath();
  private static final String PREFIX = "sdk-";

  /** Inside node_modules, so that compiled files find the modules, and git ignores them. */
  private static final String COMPILED = "node_modules/.fanfare/";

  private static final int NODE_MIN = 18;
  private static final long INSTALL_SECONDS = 300;
  private static final long RUN_SECONDS = 180;

  private NodeSdks() {}

  /** The result of one check. */
  record Check(
      String version,
      int order,
      String function,
      String check,
      String result,
      String reason,
      List<String> requests) {}

  /** The text of a file in the folder of the SDKs. */
  static String text(String file) throws IOException {
    return Files.readString(FOLDER.resolve(file));
  }

  /** The SDK versions, oldest first. */
  static List<String> versions() throws IOException {
    JsonNode sdks =
        WireJson.mapper()
            .readTree(Files.readString(FOLDER.resolve("package.json")))
            .path("dependencies");
    return sdks.propertyNames().stream()
        .filter(name -> name.startsWith(PREFIX))
        .map(name -> name.substring(PREFIX.length()))
        .toList();
  }

  /** Why the SDKs cannot be tested on this machine, in one sentence; empty if they can. */
  static Optional<String> unavailable() throws IOException, InterruptedException {
    Optional<String> node = run(10, "node", "-p", "process.versions.node");
    if (node.isEmpty() || Integer.parseInt(node.get().strip().split("\\.")[0]) < NODE_MIN) {
      return Optional.of(
          "Node %d or newer is not installed: the TypeScript SDK was not tried"
              .formatted(NODE_MIN));
    }
    if (installed() || (run(INSTALL_SECONDS, "npm", "ci").isPresent() && installed())) {
      return Optional.empty();
    }
    return Optional.of(
        "npm could not install the TypeScript SDK, so it was not tried: see "
            + Path.of("").toAbsolutePath().getParent().relativize(LOGS.resolve("npm.log")));
  }

  /** npm writes its own copy of the lock file last, so the copy marks a complete installation. */
  private static boolean installed() throws IOException {
    Path written = FOLDER.resolve("node_modules").resolve(".package-lock.json");
    return Files.exists(written)
        && Files.getLastModifiedTime(written)
                .compareTo(Files.getLastModifiedTime(FOLDER.resolve("package-lock.json")))
            >= 0;
  }

  /** Runs every check of a version. */
  static List<Check> check(String version, URI url, String key)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("node", "run.mjs", version);
    builder.environment().put("TRIGGER_API_URL", url.toString());
    builder.environment().put("TRIGGER_SECRET_KEY", key);
    Path lines = LOGS.resolve(version + ".jsonl");
    int status = run(builder, RUN_SECONDS, lines, LOGS.resolve(version + ".log"));
    if (status != 0) {
      throw new AssertionError(
          "The checks of %s ended with status %d:%n%s"
              .formatted(version, status, Files.readString(LOGS.resolve(version + ".log"))));
    }
    try (var checks = WireJson.mapper().readerFor(Check.class).<Check>readValues(lines.toFile())) {
      return checks.readAll();
    }
  }

  /** Type-checks and compiles a TypeScript file, runs it, and returns its output. */
  static String runTypeScript(String file, Map<String, String> environment)
      throws IOException, InterruptedException {
    List<String> compile = new ArrayList<>(List.of("node", "node_modules/typescript/bin/tsc"));
    compile.addAll(List.of("--strict", "--skipLibCheck", "--target", "es2022"));
    compile.addAll(List.of("--module", "nodenext", "--types", "node", "--outDir", COMPILED, file));
    Path log = LOGS.resolve(file + ".log");
    if (run(new ProcessBuilder(compile), RUN_SECONDS, log, LOGS.resolve("tsc.log")) != 0) {
      throw new AssertionError(file + " does not compile:\n" + Files.readString(log));
    }
    ProcessBuilder node = new ProcessBuilder("node", COMPILED + file.replace(".ts", ".js"));
    node.environment().putAll(environment);
    Path printed = LOGS.resolve(file + ".out");
    if (run(node, RUN_SECONDS, printed, log) != 0) {
      throw new AssertionError(file + " failed:\n" + Files.readString(log));
    }
    return Files.readString(printed);
  }

  /** The output of the command; empty if it does not exist or fails. */
  private static Optional<String> run(long seconds, String... command)
      throws IOException, InterruptedException {
    Path printed = LOGS.resolve(command[0] + ".out");
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      int status = run(builder, seconds, printed, LOGS.resolve(command[0] + ".log"));
      return status == 0 ? Optional.of(Files.readString(printed, UTF_8)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static int run(ProcessBuilder builder, long seconds, Path out, Path log)
      throws IOException, InterruptedException {
    Files.createDirectories(LOGS);
    Process process =
        builder
            .directory(FOLDER.toFile())
            .redirectOutput(out.toFile())
            .redirectError(log.toFile())
            .start();
    process.getOutputStream().close();
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    return process.exitValue();
  }
}

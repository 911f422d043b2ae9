package dev.fanfare.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code bin/fanfare} in a temporary installation, on a simulated machine: its Java and Maven
 * commands are small scripts, and its PATH contains only POSIX tools.
 */
final class Launcher {
  private static final List<String> TOOLS =
      List.of(
          "dirname",
          "readlink",
          "sed",
          "find",
          "head",
          "tail",
          "touch",
          "ln",
          "mkdir",
          "rm",
          "sleep",
          "cat",
          "stty",
          "env",
          "sh");

  /** The result of a start: exit status, output and process id. */
  record Outcome(int status, String out, String err, long pid) {}

  final Path machine;
  final Path root;
  final Map<String, String> environment = new HashMap<>();

  /** The file that each start runs; tests may replace it with a link. */
  Path command;

  Launcher(Path folder) throws IOException {
    machine = folder.resolve("machine");
    root = folder.resolve("fan fare");
    Path tools = Files.createDirectories(machine.resolve("usr/bin"));
    for (String tool : TOOLS) {
      script(tools.resolve(tool), "exec %s \"$@\"\n".formatted(which(tool)));
    }
    command = Files.createDirectories(root.resolve("bin")).resolve("fanfare");
    Files.copy(Path.of("..", "bin", "fanfare"), command);
    environment.put("PATH", tools.toString());
    environment.put("HOME", Files.createDirectories(machine.resolve("home/ann")).toString());
    environment.put("fanfare_test_root", machine.toString());
  }

  /** Sets up an installed distribution: no sources, the jar in lib. */
  Launcher installed() throws IOException {
    write(root.resolve("lib/fanfare.jar"), "");
    return this;
  }

  /** Sets up a git checkout: sources from yesterday, no jar. */
  Launcher checkout() throws IOException {
    write(root.resolve("pom.xml"), "<project/>");
    write(root.resolve("cli/pom.xml"), "<project/>");
    write(root.resolve("server/src/main/java/Server.java"), "class Server {}");
    write(root.resolve("server/src/test/java/ServerTest.java"), "class ServerTest {}");
    try (var files = Files.walk(root)) {
      for (Path file : files.toList()) {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(1))));
      }
    }
    return this;
  }

  /** Creates a Java of {@code version} in {@code home}. It prints its version or its arguments. */
  Path java(String home, String version) throws IOException {
    return script(
        machine.resolve(home).resolve("bin/java"),
        """
        if [ "$1" = -XshowSettings:properties ]; then
          echo "    java.specification.version = %s" >&2
          echo "    java.vm.specification.version = %s" >&2
          exit 0
        fi
        echo "java %s"
        echo "pid $$"
        for argument in "$@"; do echo "[$argument]"; done
        """
            .formatted(version, version, version));
  }

  /** Creates a Maven that logs its arguments, then runs {@code commands} with the root in $root. */
  Path maven(String commands) throws IOException {
    Path maven =
        script(
            machine.resolve("maven/bin/mvn"),
            "root='%s'\necho \"$*\" >>'%s'\n%s\n".formatted(root, builds(), commands));
    environment.put("MVN", maven.toString());
    return maven;
  }

  /** The arguments of each Maven run, one line per run. */
  List<String> built() throws IOException {
    return Files.exists(builds()) ? Files.readAllLines(builds()) : List.of();
  }

  Outcome start(String... arguments) throws IOException, InterruptedException {
    return finish(begin(arguments));
  }

  Process begin(String... arguments) throws IOException {
    List<String> line = new ArrayList<>(List.of("/bin/sh", command.toString()));
    line.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(line).directory(machine.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  static Outcome finish(Process process) throws IOException, InterruptedException {
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Outcome(process.waitFor(), out, err, process.pid());
  }

  static Path write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private Path builds() {
    return machine.resolve("builds");
  }

  private static Path script(Path file, String body) throws IOException {
    write(file, "#!/bin/sh\n" + body);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException("Cannot make executable: " + file);
    }
    return file;
  }

  private static Path which(String tool) {
    return List.of("/usr/bin", "/bin").stream()
        .map(folder -> Path.of(folder, tool))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow();
  }
}

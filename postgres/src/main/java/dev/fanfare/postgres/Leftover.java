package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process named by a {@code postmaster.pid} that was there before us. We hold the home's lock, so
 * no living JVM cares for it: it is a server that outlived its JVM, or another program that got the
 * same number since.
 */
final class Leftover {
  private static final Logger log = LoggerFactory.getLogger(Leftover.class);
  private static final Duration FAST_BOUND = Duration.ofSeconds(60);
  private static final Duration IMMEDIATE_BOUND = Duration.ofSeconds(20);
  private static final Duration SIGNAL_BOUND = Duration.ofSeconds(10);

  private final Path data;
  private final Login login;
  private final ProcessHandle process;

  private Leftover(Path data, Login login, ProcessHandle process) {
    this.data = data;
    this.login = login;
    this.process = process;
  }

  static Optional<Leftover> of(Home home) throws IOException {
    Optional<PostmasterPid> file = PostmasterPid.read(home.data());
    Optional<ProcessHandle> process =
        file.flatMap(it -> ProcessHandle.of(it.pid())).filter(ProcessHandle::isAlive);
    if (process.isEmpty()) {
      return Optional.empty();
    }
    Login login = new Login(file.get().port(), EmbeddedPostgres.USER, home.password());
    return Optional.of(new Leftover(home.data(), login, process.get()));
  }

  long pid() {
    return process.pid();
  }

  /**
   * Whether this is a server on our data folder. A postmaster works inside its data folder; where
   * that cannot be seen, its arguments name the folder; where those are hidden too (Windows), it
   * takes our password and tells.
   */
  boolean isOurs() {
    return isPostgres() && (worksInData() || namesData() || answersAsOurs());
  }

  /** Whether this is surely some other program; false when the system does not let us see. */
  boolean isForeign() {
    if (isPostgres()) {
      return process.info().arguments().isPresent() && !isOurs();
    }
    return !program().isEmpty();
  }

  private boolean isPostgres() {
    return program().equals(Platform.program("postgres"));
  }

  private boolean answersAsOurs() {
    if (process.info().arguments().isPresent()) {
      return false; // it could be seen, and it was another folder
    }
    try (Connection connection = login.connect("postgres")) {
      return Login.worksOn(data, connection);
    } catch (SQLException | IOException no) {
      return false;
    }
  }

  private String program() {
    // Linux adds " (deleted)" when the file was replaced under a running program.
    return process
        .info()
        .command()
        .map(command -> Path.of(command.replaceFirst(" \\(deleted\\)$", "")))
        .map(path -> String.valueOf(path.getFileName()))
        .orElse("");
  }

  private boolean worksInData() {
    try {
      return Files.isSameFile(Path.of("/proc", Long.toString(pid()), "cwd").toRealPath(), data);
    } catch (IOException hidden) {
      return false;
    }
  }

  private boolean namesData() {
    return process
        .info()
        .arguments()
        .map(arguments -> Arrays.asList(arguments).contains(data.toString()))
        .orElse(process.info().commandLine().orElse("").contains(data.toString()));
  }

  /** Stops the server fast, or, should it not end in a minute, at once. */
  void stop(Binaries binaries) throws IOException, InterruptedException {
    log.warn("Process {} is a PostgreSQL that nobody looks after on {}: stopping it", pid(), data);
    if (ends("INT", "fast", FAST_BOUND, binaries)) {
      return;
    }
    if (!ends("QUIT", "immediate", IMMEDIATE_BOUND, binaries)) {
      throw new PostgresException(
          "A PostgreSQL (process %d) left over on %s does not end. Stop it by hand, then start again."
              .formatted(pid(), data));
    }
  }

  private boolean ends(String signal, String mode, Duration bound, Binaries binaries)
      throws IOException, InterruptedException {
    List<String> command =
        Platform.isWindows()
            ? List.of(binaries.pgCtl(), "stop", "-W", "-m", mode, "-D", data.toString())
            : List.of("sh", "-c", "kill -" + signal + " " + pid());
    Command.run(SIGNAL_BOUND, command);
    Deadline deadline = Deadline.in(bound);
    while (process.isAlive()) {
      if (deadline.passed()) {
        return false;
      }
      deadline.pause(Duration.ofMillis(20));
    }
    return true;
  }
}

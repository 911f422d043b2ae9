package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process named by a {@code postmaster.pid} file of an earlier start. We hold the home's lock,
 * so no running JVM owns this process. It is either a server that outlived its JVM, or another
 * program that has received the same process id since.
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

  /** Returns the process that the home's {@code postmaster.pid} names; null if none is alive. */
  static @Nullable Leftover of(Home home) throws IOException {
    PostmasterPid file = PostmasterPid.read(home.data());
    if (file == null) {
      return null;
    }
    ProcessHandle process = ProcessHandle.of(file.pid()).orElse(null);
    if (process == null || !process.isAlive()) {
      return null;
    }
    Login login = new Login(file.port(), EmbeddedPostgres.USER, home.password());
    return new Leftover(home.data(), login, process);
  }

  long pid() {
    return process.pid();
  }

  /**
   * Whether this is a server on our data folder. A postmaster's working directory is its data
   * folder. If that is not visible, its arguments contain the folder. If they are hidden too
   * (Windows), the server itself reports its folder after a login with our password.
   */
  boolean isOurs() {
    return isPostgres() && (worksInData() || namesData() || reportsOurData());
  }

  /** Whether this is certainly another program; false if the process cannot be inspected. */
  boolean isForeign() {
    if (isPostgres()) {
      return process.info().arguments().isPresent() && !isOurs();
    }
    return !program().isEmpty();
  }

  private boolean isPostgres() {
    return program().equals(Platform.program("postgres"));
  }

  private boolean reportsOurData() {
    if (process.info().arguments().isPresent()) {
      return false; // the arguments are visible and name another folder
    }
    try (Connection connection = login.connect("postgres")) {
      return Login.worksOn(data, connection);
    } catch (SQLException | IOException no) {
      return false;
    }
  }

  private String program() {
    // Linux appends " (deleted)" if the executable was replaced while it runs.
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

  /** Stops the server in fast mode, and in immediate mode if it has not ended after a minute. */
  void stop(Binaries binaries) throws IOException, InterruptedException {
    log.warn(
        "Stopping PostgreSQL process {}, which outlived its JVM or its guard and still uses {}",
        pid(),
        data);
    if (ends("INT", "fast", FAST_BOUND, binaries)) {
      return;
    }
    if (!ends("QUIT", "immediate", IMMEDIATE_BOUND, binaries)) {
      throw new PostgresException(
          "PostgreSQL process %s, left over from an earlier start, still uses %s and does not stop. Stop it manually, then start again."
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

package dev.fanfare.acceptance.chaos;

import dev.fanfare.postgres.EmbeddedPostgres;
import dev.fanfare.postgres.EmbeddedPostgresConfig;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A PostgreSQL that nothing watches or restarts, on a port that stays: it can be killed, frozen,
 * stopped and started again. Servers log in as an ordinary role with a database of its own. Not
 * thread-safe, except for {@link #connect}.
 */
final class DatabaseProcess implements AutoCloseable {
  /** The role of the servers, its password, and its database. */
  static final String APP = "chaos";

  private static final Duration START = Duration.ofSeconds(60);
  private static final String NOBODY = "65534";

  /** Many small databases fit; the room is taken only as it is used. */
  private static final String ROOM = "8g";

  private final Path home;
  private final boolean ownDisk;
  private final List<String> command;
  private final int port;
  private final String password;
  private final Thread killer = new Thread(this::killQuietly);
  private Process process;

  private DatabaseProcess(
      Path home, boolean ownDisk, List<String> command, int port, String password) {
    this.home = home;
    this.ownDisk = ownDisk;
    this.command = command;
    this.port = port;
    this.password = password;
  }

  /**
   * Creates and starts a database.
   *
   * @param home an empty folder. If this process may mount file systems, it gets one of its own
   */
  static DatabaseProcess create(Path home) throws Exception {
    boolean ownDisk = run("mount", "-t", "tmpfs", "-o", "size=" + ROOM, "fanfare", home.toString());
    List<String> command;
    int port;
    String password;
    // It creates the data folder and chooses the command line and the port, which stay.
    try (EmbeddedPostgres made = EmbeddedPostgres.start(EmbeddedPostgresConfig.in(home))) {
      command = identity(made.dataFolder());
      command.addAll(commandLine(made.dataFolder().resolve("postmaster.opts")));
      port = made.port();
      password = made.password();
    }
    // Processes are killed here, but never the machine, so nothing has to reach the disk.
    Files.writeString(
        home.resolve("postgresql.local.conf"),
        """
        fsync = off
        max_wal_size = 256MB
        max_connections = 60
        log_line_prefix = '%m [%p] %a '
        """);
    DatabaseProcess database = new DatabaseProcess(home, ownDisk, command, port, password);
    Runtime.getRuntime().addShutdownHook(database.killer);
    database.start();
    try (Connection connection = database.connect("postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("create role %1$s login password '%1$s'".formatted(APP));
      statement.execute("create database %1$s owner %1$s".formatted(APP));
    }
    return database;
  }

  /** The words of the command that started a server, which PostgreSQL keeps in its data folder. */
  private static List<String> commandLine(Path file) throws IOException {
    String line = Files.readString(file).strip();
    List<String> words = new ArrayList<>(List.of(line.split(" ", 2)[0]));
    Pattern.compile("\"([^\"]*)\"").matcher(line).results().forEach(r -> words.add(r.group(1)));
    return words;
  }

  /** PostgreSQL refuses to run as root: then it runs as the owner of its data, or unnamed. */
  private static List<String> identity(Path data) throws IOException {
    boolean root = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    boolean rootOwns = Files.getAttribute(data, "unix:uid").equals(0);
    List<String> setpriv =
        List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
    return new ArrayList<>(!root ? List.of() : rootOwns ? List.of("unshare", "-U") : setpriv);
  }

  private static boolean run(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) { // there is no such program
      return false;
    }
  }

  int port() {
    return port;
  }

  Path log() {
    return home.resolve("postgres.log");
  }

  boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** Starts the server and waits until it accepts logins; after a crash, it recovers first. */
  void start() {
    Await.until(
        "PostgreSQL to start; see " + log(),
        START,
        () -> {
          // After a kill, the server does not start before the last of the old processes ends.
          if (!isAlive()) {
            process =
                new ProcessBuilder(command)
                    .directory(home.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                    .start();
          }
          return acceptsLogins();
        });
  }

  /** Waits until it accepts logins, such as after crash recovery; starts it if it has ended. */
  void awaitReady() {
    start();
  }

  private boolean acceptsLogins() {
    try (Connection connection = connect("postgres")) {
      return connection.isValid(1);
    } catch (SQLException e) {
      return false;
    }
  }

  /**
   * Ends the server and waits.
   *
   * @param signal KILL; QUIT, the immediate stop; or INT, the fast one
   */
  void stop(String signal) throws Exception {
    Signal.send(signal, process.pid());
    if (!process.waitFor(START.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("SIG" + signal + " did not end PostgreSQL");
    }
  }

  /** Freezes all its processes. */
  void freeze() throws Exception {
    Signal.send("STOP", process.pid()); // first the one that starts others
    for (ProcessHandle each : process.descendants().toList()) {
      Signal.trySend("STOP", each.pid());
    }
  }

  void thaw() throws Exception {
    for (ProcessHandle each : process.descendants().toList()) {
      Signal.trySend("CONT", each.pid());
    }
    Signal.send("CONT", process.pid());
  }

  /** Whether the data is on a file system of its own, which can become full. */
  boolean hasOwnDisk() {
    return ownDisk;
  }

  /** Leaves no free space on its file system, which must be at least as large as what it holds. */
  void fillDisk() {
    Await.until(
        "the file system to shrink",
        START,
        () -> {
          FileStore disk = Files.getFileStore(home);
          long used = disk.getTotalSpace() - disk.getUnallocatedSpace();
          return resize((used >> 10) + "k");
        });
  }

  /** Frees the space again. */
  void freeDisk() throws InterruptedException {
    if (!resize(ROOM)) {
      throw new AssertionError("The file system cannot grow again");
    }
  }

  private boolean resize(String size) throws InterruptedException {
    return run("mount", "-o", "remount,size=" + size, home.toString());
  }

  /** Connects to the servers' database as a superuser; the caller must close the connection. */
  Connection connect() throws SQLException {
    return connect(APP);
  }

  private Connection connect(String database) throws SQLException {
    return connect(database, "fanfare", password);
  }

  /** Connects to the servers' database as their role; the caller must close the connection. */
  Connection connectAsApp() throws SQLException {
    return connect(APP, APP, APP);
  }

  private Connection connect(String database, String user, String password) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", "60");
    properties.setProperty("ApplicationName", "test");
    // Everything of the servers is in this schema; and what forbids them to write spares the test.
    properties.setProperty(
        "options", "-c search_path=fanfare -c default_transaction_read_only=off");
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + database, properties);
  }

  private void killQuietly() {
    try (Stream<ProcessHandle> all = process.descendants()) {
      List<ProcessHandle> children = all.toList();
      process.destroyForcibly();
      children.forEach(ProcessHandle::destroyForcibly);
      process.waitFor();
      if (ownDisk) {
        run("umount", "-l", home.toString());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Kills it, and deletes its own file system with all data. */
  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(killer);
    killQuietly();
  }
}

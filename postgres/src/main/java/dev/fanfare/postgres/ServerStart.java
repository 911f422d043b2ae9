package dev.fanfare.postgres;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts a server on an existing data folder and waits for a login that proves it is ours. */
record ServerStart(
    EmbeddedPostgresConfig config,
    Home home,
    Binaries binaries,
    Identity identity,
    ServerLog output) {
  private static final Logger log = LoggerFactory.getLogger(ServerStart.class);
  // At worst, crash recovery replays 2 GB of WAL. If the server dies, the wait ends at once.
  private static final Duration READY_BOUND = Duration.ofMinutes(5);
  private static final Duration QUIET_BOUND = Duration.ofSeconds(5);
  private static final int PORT_TRIES = 5;
  static final String PORT_TAKEN = "could not create any TCP/IP sockets";
  private static final byte[] LOOPBACK = {127, 0, 0, 1};

  RunningServer run() throws IOException, InterruptedException {
    Map<String, String> environment = settleLeftover();
    String password = home.password();
    for (int tries = 1; ; tries++) {
      Login login = new Login(freePort(), EmbeddedPostgres.USER, password);
      RunningServer server = tryPort(login, environment);
      if (server != null) {
        return server;
      }
      // Another program may take the free port before the server binds it.
      if (tries == PORT_TRIES || !output.tail().contains(PORT_TAKEN)) {
        throw new PostgresException(
            "PostgreSQL in %s exited during startup. Its log ends with:%n%s"
                .formatted(home.folder(), output.tail()));
      }
      log.info("Another program took port {}; trying another port", login.port());
    }
  }

  /**
   * Starts the server once more after it ended, on the port that its clients know.
   *
   * @throws PostgresException if it does not start; a later attempt may succeed
   */
  RunningServer again(int port) throws IOException, InterruptedException {
    Login login = new Login(port, EmbeddedPostgres.USER, home.password());
    long logged = output.size();
    RunningServer server = tryPort(login, settleLeftover());
    if (server == null) {
      throw new PostgresException(
          "PostgreSQL exited during startup: " + output.failureSince(logged));
    }
    return server;
  }

  /**
   * Stops a server that outlived its JVM, but no other program, and returns the environment for the
   * new server.
   *
   * <p>The environment tells PostgreSQL to ignore the process id in an old postmaster.pid.
   * Otherwise PostgreSQL refuses to start if any process has that id. In a container, where process
   * ids are small and repeat at every start, that may be a thread of this JVM or the guard process
   * started next. PostgreSQL trusts this variable for the one process that it names; it still
   * checks the shared memory recorded in the file, and replaces the file itself.
   */
  Map<String, String> settleLeftover() throws IOException, InterruptedException {
    PostmasterPid file = PostmasterPid.read(home.data());
    Leftover leftover = Leftover.of(home);
    if (leftover != null && leftover.isOurs()) {
      leftover.stop(binaries);
    } else if (leftover != null && !leftover.isForeign()) {
      return Map.of(); // the process cannot be inspected: let PostgreSQL decide
    }
    return file == null ? Map.of() : Map.of("PG_GRANDPARENT_PID", Long.toString(file.pid()));
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(LOOPBACK))) {
      return socket.getLocalPort();
    }
  }

  /** Starts a server; returns null if it exits before it is ready. */
  @Nullable RunningServer tryPort(Login login, Map<String, String> environment)
      throws IOException, InterruptedException {
    List<String> command =
        ServerSettings.forThisMachine(config.durable()).command(binaries, home, login.port());
    GuardedProcess process =
        GuardedProcess.start(identity.command(command), environment, home.folder(), output.file());
    boolean ready = false;
    try {
      ready = awaitReady(process, login);
      return ready ? new RunningServer(process, binaries, login) : null;
    } finally {
      if (!ready) {
        process.stop();
      }
    }
  }

  private boolean awaitReady(GuardedProcess process, Login login)
      throws IOException, InterruptedException {
    Deadline deadline = Deadline.in(READY_BOUND);
    Deadline quiet = Deadline.in(QUIET_BOUND);
    boolean logged = false;
    while (process.alive()) {
      if (reportsReady(process) && accepts(login)) {
        return true;
      }
      if (deadline.passed()) {
        throw new PostgresException(
            "PostgreSQL in %s was not ready within %s s. Its log ends with:%n%s"
                .formatted(home.folder(), READY_BOUND.toSeconds(), output.tail()));
      }
      if (quiet.passed() && !logged) {
        logged = true;
        log.info("PostgreSQL is still starting, possibly in crash recovery; see {}", output.file());
      }
      deadline.pause(Duration.ofMillis(10));
    }
    return false;
  }

  /** Whether postmaster.pid was written by our own process and says that it is ready. */
  private boolean reportsReady(GuardedProcess process) throws IOException {
    PostmasterPid file = PostmasterPid.read(home.data());
    return file != null && file.ready() && process.runs(file.pid());
  }

  /** Whether the server on that port accepts our password and uses our data folder. */
  private boolean accepts(Login login) throws IOException {
    try (Connection connection = login.connect("postgres")) {
      if (!Login.worksOn(home.data(), connection)) {
        return false;
      }
      Login.ensureDatabase(EmbeddedPostgres.DATABASE, connection);
      return true;
    } catch (SQLException notYet) {
      if (!Login.mayHeal(notYet)) {
        throw new PostgresException(
            "PostgreSQL in %s refuses the login of Fanfare: %s. The password is in %s."
                .formatted(home.folder(), notYet.getMessage(), home.passwordFile()),
            notYet);
      }
      log.debug("Login on port {} is not possible yet: {}", login.port(), notYet.getMessage());
      return false;
    }
  }
}

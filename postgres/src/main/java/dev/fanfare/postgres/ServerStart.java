package dev.fanfare.postgres;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings a server up on an existing data folder, up to the first login that proves it ours. */
record ServerStart(
    EmbeddedPostgresConfig config,
    Home home,
    Binaries binaries,
    Identity identity,
    ServerLog output) {
  private static final Logger log = LoggerFactory.getLogger(ServerStart.class);
  // Recovery replays 2 GB of log at worst. A server that dies ends the wait at once.
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
      Optional<RunningServer> server = tryPort(login, environment);
      if (server.isPresent()) {
        return server.get();
      }
      // Between our asking for a free port and the server's taking it, another program was quicker.
      if (tries == PORT_TRIES || !output.tail().contains(PORT_TAKEN)) {
        throw new PostgresException(
            "PostgreSQL in %s ended while starting. It said:%n%s"
                .formatted(home.folder(), output.tail()));
      }
      log.info("Port {} was taken meanwhile: trying another", login.port());
    }
  }

  /**
   * Stops a server that outlived its JVM. Any other program is left alone, and PostgreSQL is told
   * about it: it would take the mere existence of that process for a server on its data and refuse
   * to start. It trusts the starter that a process named in this variable is none, still checks the
   * shared memory noted in the file, and replaces the file itself.
   */
  private Map<String, String> settleLeftover() throws IOException, InterruptedException {
    Map<String, String> environment = new HashMap<>();
    Optional<Leftover> leftover = Leftover.of(home);
    if (leftover.filter(Leftover::isOurs).isPresent()) {
      leftover.get().stop(binaries);
    } else if (leftover.filter(Leftover::isForeign).isPresent()) {
      environment.put("PG_GRANDPARENT_PID", Long.toString(leftover.get().pid()));
    }
    return environment;
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(LOOPBACK))) {
      return socket.getLocalPort();
    }
  }

  /** Empty when the server ended by itself before it was ready. */
  Optional<RunningServer> tryPort(Login login, Map<String, String> environment)
      throws IOException, InterruptedException {
    List<String> command =
        ServerSettings.forThisMachine(config.durable()).command(binaries, home, login.port());
    GuardedProcess process =
        GuardedProcess.start(identity.command(command), environment, home.folder(), output.file());
    boolean ready = false;
    try {
      ready = awaitReady(process, login);
      return ready ? Optional.of(new RunningServer(process, binaries, login)) : Optional.empty();
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
    boolean told = false;
    while (process.alive()) {
      if (saysReady(process) && answers(login)) {
        return true;
      }
      if (deadline.passed()) {
        throw new PostgresException(
            "PostgreSQL in %s is not ready after %d s. It said:%n%s"
                .formatted(home.folder(), READY_BOUND.toSeconds(), output.tail()));
      }
      if (quiet.passed() && !told) {
        told = true;
        log.info("PostgreSQL is still starting, perhaps recovering; see {}", output.file());
      }
      deadline.pause(Duration.ofMillis(10));
    }
    return false;
  }

  /** Whether the process that we started, and no other, has written that it is ready. */
  private boolean saysReady(GuardedProcess process) throws IOException {
    return PostmasterPid.read(home.data())
        .filter(file -> file.ready() && process.runs(file.pid()))
        .isPresent();
  }

  /** Whether our password opens the server on that port and it works on our data. */
  private boolean answers(Login login) throws IOException {
    try (Connection connection = login.connect("postgres")) {
      if (!Login.worksOn(home.data(), connection)) {
        return false;
      }
      Login.ensureDatabase(EmbeddedPostgres.DATABASE, connection);
      return true;
    } catch (SQLException notYet) {
      log.debug("No login on port {} yet: {}", login.port(), notYet.getMessage());
      return false;
    }
  }
}

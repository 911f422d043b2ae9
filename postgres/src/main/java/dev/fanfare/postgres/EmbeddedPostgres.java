package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running PostgreSQL server that belongs to this JVM. It listens on 127.0.0.1 only, requires its
 * random password for every login, and stops when this JVM ends, even by kill -9. Committed data is
 * available again after the next start. A server that ends by itself is restarted on the same port.
 *
 * <p>Thread-safe.
 */
public final class EmbeddedPostgres implements AutoCloseable {
  static final String USER = "fanfare";
  static final String DATABASE = "fanfare";
  private static final Logger log = LoggerFactory.getLogger(EmbeddedPostgres.class);

  private final Home home;
  private final HomeLock lock;
  private final Watcher watcher;
  private final AtomicBoolean closed = new AtomicBoolean();

  private EmbeddedPostgres(Home home, HomeLock lock, Watcher watcher) {
    this.home = home;
    this.lock = lock;
    this.watcher = watcher;
  }

  /**
   * Starts a server in the given home and returns when it accepts logins. The first start in a home
   * creates the database, which takes a few seconds. Later starts take about half a second, or as
   * long as crash recovery needs, at most five minutes.
   *
   * @throws PostgresException if the server cannot be started, for instance because another JVM
   *     uses the home, or because the data belongs to another major version; the message says what
   *     to do
   */
  public static EmbeddedPostgres start(EmbeddedPostgresConfig config) {
    return start(config, new RestartLimit(RestartLimit.RESTARTS_MAX));
  }

  static EmbeddedPostgres start(EmbeddedPostgresConfig config, RestartLimit limit) {
    try {
      // These come first, because they may refuse, and should then leave nothing behind.
      config.checkPaths();
      Identity identity = Identity.find(!existsIn(config.home()));
      Home home = Home.open(config.home());
      HomeLock lock = HomeLock.take(home);
      EmbeddedPostgres started = null;
      try {
        started = new EmbeddedPostgres(home, lock, startServer(config, limit, home, identity));
      } finally {
        if (started == null) {
          lock.close();
        }
      }
      return started;
    } catch (IOException e) {
      throw new PostgresException(
          "Cannot start PostgreSQL in %s: %s".formatted(config.home(), e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PostgresException("Interrupted while starting PostgreSQL in " + config.home(), e);
    }
  }

  /**
   * Whether a database was created in the home, which a start would use. Creates nothing.
   *
   * @param home as in {@link EmbeddedPostgresConfig}
   */
  public static boolean existsIn(Path home) {
    return Files.isDirectory(new Home(home).data());
  }

  /**
   * Finds the server that another JVM runs in the home.
   *
   * @return null if no server accepts our password and uses this home
   */
  public static @Nullable ServerLogin runningIn(Path home) {
    try {
      Home real = new Home(home.toRealPath());
      PostmasterPid file = PostmasterPid.read(real.data());
      if (file == null || !file.ready() || Files.notExists(real.passwordFile())) {
        return null;
      }
      Login login = new Login(file.port(), USER, real.password());
      try (Connection connection = login.connect("postgres")) {
        return Login.worksOn(real.data(), connection)
            ? new ServerLogin(login.url(DATABASE), USER, login.password())
            : null;
      }
    } catch (IOException | SQLException none) {
      return null;
    }
  }

  private static Watcher startServer(
      EmbeddedPostgresConfig config, RestartLimit limit, Home home, Identity identity)
      throws IOException, InterruptedException {
    long begun = System.nanoTime();
    identity.own(home);
    Programs programs = Programs.unpack(config, home, identity);
    ServerLog output = new ServerLog(home.log());
    output.rotate();
    if (Files.notExists(home.data())) {
      DataFolder.make(home, programs.binaries(), identity, config.durable(), output);
    }
    DataFolder.checkVersion(home, programs.major());
    identity.ownAll(home.data());
    ServerStart start = new ServerStart(config, home, programs.binaries(), identity, output);
    RunningServer server = start.run();
    log.info(
        "PostgreSQL {} is running on port {} with data in {}; it started in {} ms{}",
        programs.version(),
        server.login().port(),
        home.data(),
        (System.nanoTime() - begun) / 1_000_000,
        config.durable() ? "" : "; NOT durable (fsync is off)");
    Watcher watcher = new Watcher(start, limit, server);
    watcher.begin();
    return watcher;
  }

  /** The JDBC URL of the database {@code fanfare}, without user and password. */
  public String jdbcUrl() {
    return jdbcUrl(DATABASE);
  }

  /** The JDBC URL of another database on this server, which need not exist yet. */
  public String jdbcUrl(String database) {
    return watcher.server().login().url(database);
  }

  /** The user to log in with, a superuser. */
  public String user() {
    return watcher.server().login().user();
  }

  /** The password to log in with: random, created at the first start, and constant since then. */
  public String password() {
    return watcher.server().login().password();
  }

  /** The port on 127.0.0.1. It changes at every start, but not if a killed server is restarted. */
  public int port() {
    return watcher.server().login().port();
  }

  /** PostgreSQL's data folder, inside the home. */
  public Path dataFolder() {
    return home.data();
  }

  /**
   * Whether the server process is alive. It ends on {@link #close} or when it is killed, and is
   * restarted within seconds unless it was closed.
   */
  public boolean isRunning() {
    return watcher.server().process().alive();
  }

  /**
   * Sets the action to run when the server ended and could not be restarted: ten restarts within
   * five minutes did not help. It runs at most once, on a thread of its own, and also if the server
   * was lost before this call. A later call replaces an action that has not run.
   *
   * @param action receives the reason, in a form meant for users
   */
  public void onLost(Consumer<PostgresException> action) {
    watcher.onLost(action);
  }

  /**
   * Announces that this JVM is about to end and will call {@link #close}. A supervisor may send
   * SIGTERM to all processes at once: from now on, such a server serves its open connections to the
   * end and is not restarted.
   */
  public void announceClose() {
    watcher.announceClose();
  }

  /**
   * Stops the server: it rolls back open transactions, writes committed data, and closes all
   * connections. Returns when the server has ended. Closing again does nothing.
   *
   * @throws PostgresException if the server has not ended after 90 seconds
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try (lock) {
      watcher.close().stop(home);
    } catch (IOException e) {
      throw new PostgresException(
          "Cannot stop PostgreSQL in %s: %s".formatted(home.folder(), e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PostgresException("Interrupted while stopping PostgreSQL in " + home.folder(), e);
    }
  }
}

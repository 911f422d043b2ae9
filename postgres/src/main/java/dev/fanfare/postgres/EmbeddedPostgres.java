package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running PostgreSQL server that belongs to this JVM. It listens on 127.0.0.1 only, requires its
 * random password for every login, and stops when this JVM ends, even by kill -9. Committed data is
 * available again after the next start.
 *
 * <p>Thread-safe.
 */
public final class EmbeddedPostgres implements AutoCloseable {
  static final String USER = "fanfare";
  static final String DATABASE = "fanfare";
  private static final Logger log = LoggerFactory.getLogger(EmbeddedPostgres.class);

  private final Home home;
  private final HomeLock lock;
  private final RunningServer server;
  private final AtomicBoolean closed = new AtomicBoolean();

  private EmbeddedPostgres(Home home, HomeLock lock, RunningServer server) {
    this.home = home;
    this.lock = lock;
    this.server = server;
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
    try {
      Home home = Home.open(config.home());
      HomeLock lock = HomeLock.take(home);
      EmbeddedPostgres started = null;
      try {
        started = new EmbeddedPostgres(home, lock, startServer(config, home));
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

  private static RunningServer startServer(EmbeddedPostgresConfig config, Home home)
      throws IOException, InterruptedException {
    long begun = System.nanoTime();
    Identity identity = Identity.find();
    identity.own(home);
    Programs programs = Programs.unpack(config, home, identity);
    ServerLog output = new ServerLog(home.log());
    output.rotate();
    if (Files.notExists(home.data())) {
      DataFolder.make(home, programs.binaries(), identity, config.durable(), output);
    }
    DataFolder.checkVersion(home, programs.major());
    identity.ownAll(home.data());
    RunningServer server =
        new ServerStart(config, home, programs.binaries(), identity, output).run();
    log.info(
        "PostgreSQL {} is running on port {} with data in {}; it started in {} ms{}",
        programs.version(),
        server.login().port(),
        home.data(),
        (System.nanoTime() - begun) / 1_000_000,
        config.durable() ? "" : "; NOT durable (fsync is off)");
    return server;
  }

  /** The JDBC URL of the database {@code fanfare}, without user and password. */
  public String jdbcUrl() {
    return jdbcUrl(DATABASE);
  }

  /** The JDBC URL of another database on this server, which need not exist yet. */
  public String jdbcUrl(String database) {
    return server.login().url(database);
  }

  /** The user to log in with, a superuser. */
  public String user() {
    return server.login().user();
  }

  /** The password to log in with: random, created at the first start, and constant since then. */
  public String password() {
    return server.login().password();
  }

  /** The port on 127.0.0.1; it changes at every start. */
  public int port() {
    return server.login().port();
  }

  /** PostgreSQL's data folder, inside the home. */
  public Path dataFolder() {
    return home.data();
  }

  /** Whether the server process is alive. It ends on {@link #close} or when it is killed. */
  public boolean isRunning() {
    return server.process().alive();
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
      server.stop(home);
    } catch (IOException e) {
      throw new PostgresException(
          "Cannot stop PostgreSQL in %s: %s".formatted(home.folder(), e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PostgresException("Interrupted while stopping PostgreSQL in " + home.folder(), e);
    }
  }
}

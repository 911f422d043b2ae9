package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.DATABASE_CONNECTIONS;
import static dev.fanfare.server.config.ServerSettings.DEV_KEY;
import static dev.fanfare.server.config.ServerSettings.HOST;
import static dev.fanfare.server.config.ServerSettings.PARTITION_SPAN;
import static dev.fanfare.server.config.ServerSettings.PORT;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.access.KeyCipher;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.access.SecretKey;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.StartException;
import dev.fanfare.server.component.SweepLoop;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.DatabaseWatch;
import dev.fanfare.server.db.IdRanges;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.UnusableDatabaseException;
import dev.fanfare.server.http.HttpServer;
import dev.fanfare.server.http.Route;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running server. Several servers may run on one database, without a leader. Thread-safe. */
public final class Server implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Server.class);

  /** How long a start waits for a database that is starting, too. */
  private static final Duration DATABASE_PATIENCE = Duration.ofSeconds(60);

  private static final Duration CONNECTION_WAIT = Duration.ofSeconds(5);

  private final ServerConfig config;
  private final DatabaseHome home;
  private final List<Route> routes;
  private final HttpServer http;
  private final String developmentKey;

  /** Stops what was started, the newest first. */
  private final Deque<Runnable> stops = new ArrayDeque<>();

  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Starts a server, and returns when it is ready for requests.
   *
   * @throws StartException when it cannot start; the message states the reason
   */
  public static Server start(ServerConfig config) {
    return new Server(config);
  }

  private Server(ServerConfig config) {
    this.config = config;
    try {
      this.home = DatabaseHome.open(config);
      stops.push(home::close);
      Resources resources = openResources(home);
      DatabaseWatch watch = DatabaseWatch.start(resources.database());
      stops.push(watch::close);
      byte[] encryptionKey = EncryptionKey.of(config);
      Keys keys = setUpKeys(resources, encryptionKey);
      SecretKey key = keys.developmentKey();
      this.developmentKey = key == null ? "" : key.text();
      Components components = new Components(resources);
      startSweeps(resources, watch, components);
      AtomicBoolean accepting = new AtomicBoolean(true);
      List<Route> all = new ArrayList<>();
      all.addAll(new HealthRoutes(watch, accepting::get).routes());
      all.addAll(new OpenApiRoutes().routes());
      all.addAll(new WelcomeRoutes().routes());
      all.addAll(components.routes(keys, encryptionKey));
      this.routes = List.copyOf(all);
      this.http = listen();
      stops.push(http::stop);
      stops.push(() -> {
        home.announceClose();
        accepting.set(false);
        components.sessions.stop(); // ends waiting polls, so that draining does not wait for them
        http.drain();
      });
    } catch (RuntimeException e) {
      stop();
      throw e;
    }
  }

  private Resources openResources(DatabaseHome home) {
    InstantSource clock = InstantSource.system();
    Database database = openDatabase(home);
    Signals signals = Signals.start(database);
    stops.push(signals::close);
    return new Resources(
        config, database, signals, clock, new TimeOrderedIds(clock), RandomGenerator.getDefault());
  }

  private Database openDatabase(DatabaseHome home) {
    try {
      Database.check(home.address(), DATABASE_PATIENCE);
      String schema = Database.migrate(home.address());
      Database database =
          Database.open(
              home.address(),
              Database.requestConnections(config.get(DATABASE_CONNECTIONS)),
              CONNECTION_WAIT,
              new IdRanges(config.get(PARTITION_SPAN), InstantSource.system()));
      stops.push(database::close);
      log.info(
          "Fanfare {} uses PostgreSQL {} at {}, whose schema {} is at version {}",
          WelcomeRoutes.version(),
          database.serverVersion(),
          home.address().jdbcUrl().replaceAll("\\?.*", ""),
          Database.SCHEMA,
          schema);
      return database;
    } catch (UnusableDatabaseException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    } catch (FlywayException | DatabaseException | IllegalStateException e) {
      throw new StartException("The database cannot be used: " + firstLine(e), e);
    }
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
  }

  private Keys setUpKeys(Resources resources, byte[] encryptionKey) {
    Keys keys = new Keys(resources.database(), new KeyCipher(encryptionKey), resources.ids());
    try {
      keys.setUp(config.get(DEV_KEY));
    } catch (KeyCipher.WrongKeyException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
    return keys;
  }

  private void startSweeps(Resources resources, DatabaseWatch watch, Components components) {
    SweepLoop sweeps = SweepLoop.start(resources.database(), watch, components.sweeps());
    stops.push(sweeps::close);
  }

  private HttpServer listen() {
    try {
      return HttpServer.start(config, routes, new Failures());
    } catch (RuntimeException e) {
      throw new StartException(
          "Cannot listen on %s:%s: the address is in use, or does not belong to this machine"
              .formatted(config.get(HOST), config.get(PORT)),
          e);
    }
  }

  /** The URL at which it listens. */
  public URI url() {
    String host = config.get(HOST).contains(":") ? "[" + config.get(HOST) + "]" : config.get(HOST);
    return URI.create("http://" + host + ":" + http.port());
  }

  /** All its routes, with the credentials that each accepts. */
  public List<Route> routes() {
    return routes;
  }

  /** The oldest valid secret key of the environment {@code dev}; empty when all are revoked. */
  public String developmentKey() {
    return developmentKey;
  }

  /**
   * Sets the action to run when the embedded database has ended and cannot be restarted; this
   * server can then only be closed. The action runs at most once, on a thread of its own. It never
   * runs with an external database, for whose return a server waits.
   *
   * @param action receives the reason, a sentence for people
   */
  public void onDatabaseLost(Consumer<String> action) {
    home.onLost(action);
  }

  /**
   * Stops the server: refuses new requests, lets current ones finish within the grace period, stops
   * the sweeps and closes the database. Closing again does nothing.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      stop();
    }
  }

  private void stop() {
    while (!stops.isEmpty()) {
      stops.pop().run();
    }
  }
}

package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.DATABASE_CONNECTIONS;
import static dev.fanfare.server.config.ServerSettings.DEV_KEY;
import static dev.fanfare.server.config.ServerSettings.HOST;
import static dev.fanfare.server.config.ServerSettings.PORT;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.access.KeyCipher;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.access.SecretKey;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.StartException;
import dev.fanfare.server.component.SweepLoop;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.http.HttpServer;
import dev.fanfare.server.http.Route;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.flywaydb.core.api.FlywayException;

/**
 * A running server. Several may run on one database, with no leader among them. Safe for use by
 * many threads; closing it more than once is fine.
 */
public final class Server implements AutoCloseable {
  private static final Duration CONNECTION_WAIT = Duration.ofSeconds(10);

  private final ServerConfig config;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** How to stop what was started, the newest first. */
  private final Deque<Runnable> stops = new ArrayDeque<>();

  private final List<Route> routes;
  private final HttpServer http;
  private final String developmentKey;

  private Server(ServerConfig config) {
    this.config = config;
    try {
      Resources resources = open();
      byte[] encryptionKey = EncryptionKey.of(config);
      Keys keys = setUpKeys(resources, encryptionKey);
      SecretKey key = keys.developmentKey();
      this.developmentKey = key == null ? "" : key.text();
      Components components = new Components(resources);
      SweepLoop sweeps =
          SweepLoop.start(resources.database(), keys::environmentIds, components.sweeps());
      stops.push(sweeps::close);
      AtomicBoolean accepting = new AtomicBoolean(true);
      this.routes =
          Stream.concat(
                  Stream.of(new HealthRoutes(resources.database(), accepting::get)),
                  components.edge(keys, encryptionKey).stream())
              .map(Component::routes)
              .flatMap(List::stream)
              .toList();
      this.http = listen();
      stops.push(http::stop);
      stops.push(() -> {
        accepting.set(false);
        components.sessions.stop(); // held polls return, and are not what the drain waits for
        http.drain();
      });
    } catch (RuntimeException e) {
      stop();
      throw e;
    }
  }

  /**
   * Starts a server and returns when it is ready for requests.
   *
   * @throws StartException when it cannot start, with a sentence that says why
   */
  public static Server start(ServerConfig config) {
    return new Server(config);
  }

  /** Where it listens. */
  public URI url() {
    String host = config.get(HOST).contains(":") ? "[" + config.get(HOST) + "]" : config.get(HOST);
    return URI.create("http://" + host + ":" + http.port());
  }

  /** Everything it answers, and which credentials each route takes. */
  public List<Route> routes() {
    return routes;
  }

  /** The secret key of the development environment; empty when every such key is revoked. */
  public String developmentKey() {
    return developmentKey;
  }

  /**
   * Stops: refuses new requests, lets those in flight end within the grace period, stops the sweeps
   * and closes the database.
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

  private Resources open() {
    InstantSource clock = InstantSource.system();
    Database database = openDatabase();
    Signals signals = Signals.start(database);
    stops.push(signals::close);
    return new Resources(
        config, database, signals, clock, new TimeOrderedIds(clock), RandomGenerator.getDefault());
  }

  private Database openDatabase() {
    DatabaseHome home = DatabaseHome.open(config);
    stops.push(home::close);
    try {
      Database.migrate(home.address());
      Database database =
          Database.open(home.address(), config.get(DATABASE_CONNECTIONS), CONNECTION_WAIT);
      stops.push(database::close);
      return database;
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

  private HttpServer listen() {
    try {
      return HttpServer.start(config, routes, new Failures());
    } catch (RuntimeException e) {
      throw new StartException(
          "Cannot listen on "
              + config.get(HOST)
              + ":"
              + config.get(PORT)
              + ": the address is in use or not this machine's",
          e);
    }
  }
}

package dev.fanfare.server;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.access.Authenticator;
import dev.fanfare.server.access.Doors;
import dev.fanfare.server.access.KeyCipher;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.access.PublicTokens;
import dev.fanfare.server.access.RateLimits;
import dev.fanfare.server.access.ResponseTokens;
import dev.fanfare.server.access.SecretKey;
import dev.fanfare.server.access.TokenRoutes;
import dev.fanfare.server.batch.BatchRoutes;
import dev.fanfare.server.batch.StreamedBatchRoutes;
import dev.fanfare.server.config.PacketStoreKind;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.http.HttpConfig;
import dev.fanfare.server.http.HttpServer;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.lease.CancelRoutes;
import dev.fanfare.server.packet.ByteStore;
import dev.fanfare.server.packet.PacketBytesStore;
import dev.fanfare.server.packet.PacketFolder;
import dev.fanfare.server.packet.PacketRoutes;
import dev.fanfare.server.packet.PacketUrls;
import dev.fanfare.server.run.ControlRoutes;
import dev.fanfare.server.run.PacketUrlRoutes;
import dev.fanfare.server.run.RunRoutes;
import dev.fanfare.server.run.wire.ItemLimits;
import dev.fanfare.server.upkeep.SweepLoop;
import dev.fanfare.server.worker.WorkerRoutes;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.flywaydb.core.api.FlywayException;

/**
 * A running server. Several may run on one database, with no leader among them. Safe for use by
 * many threads; closing it more than once is fine.
 */
public final class Server implements AutoCloseable {
  private static final Duration CONNECTION_WAIT = Duration.ofSeconds(10);
  private static final String PACKETS = "packets";

  private final ServerConfig config;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** What was started, the newest first: closing goes the way back. */
  private final Deque<Runnable> stops = new ArrayDeque<>();

  private final List<Route> routes = new ArrayList<>();
  private final HttpServer http;
  private final String developmentKey;

  private Server(ServerConfig config) {
    this.config = config;
    try {
      InstantSource clock = InstantSource.system();
      TimeOrderedIds ids = new TimeOrderedIds(clock);
      Database database = openDatabase();
      byte[] encryptionKey = EncryptionKey.of(config);
      Keys keys = openKeys(database, encryptionKey, ids);
      PacketUrls packetUrls =
          new PacketUrls(encryptionKey, config.packetUrlLife(), config.publicUrl(), clock);
      this.developmentKey = developmentKey(keys);
      this.http = serve(database, keys, packetUrls, ids, clock);
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
    String host = config.host().contains(":") ? "[" + config.host() + "]" : config.host();
    return URI.create("http://" + host + ":" + http.port());
  }

  /** Everything it answers, and which credentials each route takes. */
  public List<Route> routes() {
    return List.copyOf(routes);
  }

  /** The secret key of the development environment; empty when every such key is revoked. */
  public String developmentKey() {
    return developmentKey;
  }

  /**
   * Stops: refuses new requests, lets those in flight end within the grace period, stops the sweeps
   * and lets go of the database.
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

  private Database openDatabase() {
    DatabaseHome home = DatabaseHome.open(config);
    stops.push(home::close);
    try {
      Database.migrate(home.address());
      Database database =
          Database.open(home.address(), config.databaseConnections(), CONNECTION_WAIT);
      stops.push(database::close);
      return database;
    } catch (FlywayException | DatabaseException | IllegalStateException e) {
      throw new StartException("The database cannot be used: " + firstLine(e), e);
    }
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
  }

  private Keys openKeys(Database database, byte[] encryptionKey, TimeOrderedIds ids) {
    Keys keys = new Keys(database, new KeyCipher(encryptionKey), ids);
    try {
      keys.setUp(config.devKey());
    } catch (KeyCipher.WrongKeyException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
    return keys;
  }

  private static String developmentKey(Keys keys) {
    SecretKey key = keys.developmentKey();
    return key == null ? "" : key.text();
  }

  private ByteStore openByteStore(Database database, InstantSource clock) {
    if (config.packetStore() == PacketStoreKind.DATABASE) {
      return new PacketBytesStore(database);
    }
    Path folder =
        config.packetFolder() == null ? config.home().resolve(PACKETS) : config.packetFolder();
    try {
      return new PacketFolder(folder, clock.instant());
    } catch (IOException e) {
      throw new StartException("The folder of packets " + folder + " cannot be used: " + e, e);
    }
  }

  private HttpServer serve(
      Database database,
      Keys keys,
      PacketUrls packetUrls,
      TimeOrderedIds ids,
      InstantSource clock) {
    Signals signals = Signals.start(database);
    stops.push(signals::close);

    PublicTokens publicTokens = new PublicTokens(keys, clock);
    RateLimits rates =
        new RateLimits(config.apiRate(), config.tokenRate(), config.batchRate(), clock);
    Doors doors = new Doors(new Authenticator(keys, publicTokens, clock), rates);
    ResponseTokens tokens = new ResponseTokens(publicTokens);

    Rooms rooms =
        new Rooms(
            config,
            database,
            signals,
            openByteStore(database, clock),
            ids,
            clock,
            RandomGenerator.getDefault());
    SweepLoop sweeps = SweepLoop.start(database, keys::environmentIds, rooms.sweeps);
    stops.push(sweeps::close);

    RunRoutes.Limits runLimits =
        new RunRoutes.Limits(itemLimits(), config.triggerBodyBytesMax(), config.pageSizeMax());
    BatchRoutes.Limits batchLimits =
        new BatchRoutes.Limits(itemLimits(), config.batchItemsMax(), config.batchBodyBytesMax());
    routes.addAll(
        new BatchRoutes(
                doors,
                tokens,
                rates,
                rooms.triggerBatch,
                rooms.readBatches,
                rooms.checkParents,
                clock,
                batchLimits)
            .routes());
    routes.addAll(
        new StreamedBatchRoutes(
                doors,
                tokens,
                rates,
                rooms.createBatch,
                rooms.addItems,
                rooms.checkParents,
                clock,
                batchLimits)
            .routes());
    routes.addAll(
        new RunRoutes(
                doors,
                tokens,
                rooms.triggerRun,
                rooms.readRuns,
                rooms.checkParents,
                packetUrls,
                clock,
                runLimits)
            .routes());
    routes.addAll(new PacketUrlRoutes(doors, packetUrls).routes());
    routes.addAll(new PacketRoutes(packetUrls, rooms.packets, config.packetBytesMax()).routes());
    routes.addAll(
        new ControlRoutes(
                doors,
                rooms.readRuns,
                packetUrls,
                rooms.triggerRun,
                rooms.changeRuns,
                clock,
                runLimits)
            .routes());
    routes.addAll(new CancelRoutes(doors, rooms.readRuns, rooms.cancelRun).routes());
    routes.addAll(new TokenRoutes(doors, publicTokens, clock).routes());
    routes.addAll(new WorkerRoutes(doors, rooms.sessions, workerLimits()).routes());
    AtomicBoolean accepting = new AtomicBoolean(true);
    routes.addAll(new HealthRoutes(database, accepting::get).routes());
    routes.addAll(new OpenApiRoutes().routes());

    HttpServer server = listen(routes);
    stops.push(server::stop);
    stops.push(() -> {
      accepting.set(false);
      rooms.sessions.stop(); // held polls return, and are not what the drain waits for
      server.drain();
    });
    return server;
  }

  private HttpServer listen(List<Route> routes) {
    try {
      return HttpServer.start(
          new HttpConfig(
              config.host(),
              config.port(),
              config.bodiesInFlightBytesMax(),
              config.bodyReadTimeout(),
              config.shutdownGrace()),
          routes,
          new Failures());
    } catch (RuntimeException e) {
      throw new StartException(
          "Cannot listen on "
              + config.host()
              + ":"
              + config.port()
              + ": the address is in use or not this machine's",
          e);
    }
  }

  private ItemLimits itemLimits() {
    return new ItemLimits(config.itemBytesMax(), config.idempotencyKeyTtl());
  }

  private WorkerRoutes.Limits workerLimits() {
    return new WorkerRoutes.Limits(
        config.slotsMax(),
        config.reportBodyBytesMax(),
        config.outputBytesMax(),
        Rooms.sessionLimits(config));
  }
}

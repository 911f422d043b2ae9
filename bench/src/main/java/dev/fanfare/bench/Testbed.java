package dev.fanfare.bench;

import dev.fanfare.bench.baseline.BaselineTables;
import dev.fanfare.bench.measure.DelayedPort;
import dev.fanfare.bench.peer.PeerServer;
import dev.fanfare.bench.peer.Peers;
import dev.fanfare.postgres.EmbeddedPostgres;
import dev.fanfare.postgres.EmbeddedPostgresConfig;
import dev.fanfare.sdk.Fanfare;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The measured system, on one machine: a durable PostgreSQL in a temporary folder, a server and a
 * worker in separate processes, and a client in this process. The peers, if they are measured, use
 * the same PostgreSQL.
 */
final class Testbed implements AutoCloseable {
  /** Idle peers keep connections, which Fanfare must not lack. */
  private static final String CONNECTIONS_FOR_PEERS = "max_connections = 200\n";

  /** Stops or deletes one part of the testbed. */
  private interface Stop {
    void run() throws IOException, SQLException;
  }

  private final Deque<Stop> stops = new ArrayDeque<>();
  private final Path folder;
  private final EmbeddedPostgres postgres;
  private final int databasePort;
  private final List<String> serverFlags;
  private final List<String> workerFlags;
  private final Connection observer;
  private ServerProcess server;
  private WorkerProcess worker;
  private Fanfare client;
  private Peers peers = Peers.none();

  private Testbed(BenchOptions options, Map<String, String> settings, Duration delay)
      throws IOException, SQLException {
    folder = Files.createTempDirectory("fanfare-bench-");
    stops.push(() -> delete(folder));
    Path home = Files.createDirectories(folder.resolve("postgres"));
    String more =
        options.postgresSettings() == null ? "" : Files.readString(options.postgresSettings());
    Files.writeString(
        home.resolve("postgresql.local.conf"),
        (options.peers() == null ? "" : CONNECTIONS_FOR_PEERS) + more);
    postgres = EmbeddedPostgres.start(EmbeddedPostgresConfig.in(home));
    stops.push(postgres::close);
    if (delay.isZero()) {
      databasePort = postgres.port();
    } else {
      DelayedPort delayed = DelayedPort.start(postgres.port(), delay);
      stops.push(delayed::close);
      databasePort = delayed.port();
    }
    serverFlags = options.serverFlags();
    workerFlags = options.workerFlags();
    server = startServer(settings);
    stops.push(() -> server.close());
    worker = WorkerProcess.start(server.url(), server.key(), workerFlags);
    stops.push(() -> worker.close());
    client = client(server);
    observer =
        DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
    stops.push(observer::close);
    BaselineTables.create(observer);
  }

  /**
   * Starts all parts. If one fails to start, the others end with this process. A killed process
   * leaves its files in the system's temporary folder.
   *
   * @param settings additional settings of the server, by the names of their environment variables
   * @param delay by how much longer a round trip of the server and of the baseline takes
   */
  static Testbed open(BenchOptions options, Map<String, String> settings, Duration delay)
      throws IOException, SQLException {
    return new Testbed(options, settings, delay);
  }

  /** Starts the wanted peers; until then there are none. */
  void startPeers(BenchOptions options, Progress progress) throws InterruptedException {
    if (options.peers() != null) {
      PeerServer shared = new PeerServer(postgres.port(), postgres.user(), postgres.password());
      peers = Peers.start(shared, options.peers(), progress::say);
      stops.push(() -> peers.close());
    }
  }

  /** Starts the server and the worker again, with other settings on the same database. */
  void restart(Map<String, String> settings) throws IOException {
    worker.close();
    server.close();
    server = startServer(settings);
    worker = WorkerProcess.start(server.url(), server.key(), workerFlags);
    client = client(server);
  }

  private ServerProcess startServer(Map<String, String> settings) throws IOException {
    return ServerProcess.start(
        folder.resolve("server"), databaseUrl(databasePort), serverFlags, settings);
  }

  private static Fanfare client(ServerProcess server) {
    return Fanfare.builder().url(server.url()).secretKey(server.key()).build();
  }

  /** The database URL for a server that connects through {@code port}. */
  String databaseUrl(int port) {
    return "postgres://%s:%s@127.0.0.1:%s/fanfare?sslmode=disable"
        .formatted(postgres.user(), postgres.password(), port);
  }

  EmbeddedPostgres postgres() {
    return postgres;
  }

  Path folder() {
    return folder;
  }

  ServerProcess server() {
    return server;
  }

  WorkerProcess worker() {
    return worker;
  }

  Fanfare client() {
    return client;
  }

  Peers peers() {
    return peers;
  }

  /** A connection for observing the database; for a single thread. */
  Connection observer() {
    return observer;
  }

  /** Opens a new connection over the path that the server uses; the caller must close it. */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(jdbcUrl(), postgres.user(), postgres.password());
  }

  /** The database's URL without user and password, over the path that the server uses. */
  String jdbcUrl() {
    return "jdbc:postgresql://127.0.0.1:" + databasePort + "/fanfare";
  }

  /**
   * Resets the database, so that every measurement begins with empty tables and no pending writes.
   * The worker must be stopped.
   */
  void clear() throws SQLException {
    try (Statement statement = observer.createStatement()) {
      statement.execute(
          """
          truncate fanfare.runs, fanfare.run_metadata, fanfare.run_tags, fanfare.ready, fanfare.delays, fanfare.parked,
                   fanfare.leases, fanfare.outcomes, fanfare.batches, fanfare.request_keys
          """);
      BaselineTables.truncate(observer);
      statement.execute("checkpoint");
    }
  }

  /** Lets PostgreSQL do at once what it would otherwise do during the next measurement. */
  void settle() throws SQLException {
    try (Statement statement = observer.createStatement()) {
      statement.execute("vacuum (analyze)");
      statement.execute("checkpoint");
    }
  }

  @Override
  public void close() throws IOException, SQLException {
    while (!stops.isEmpty()) {
      stops.pop().run();
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}

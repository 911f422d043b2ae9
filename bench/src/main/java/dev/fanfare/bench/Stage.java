package dev.fanfare.bench;

import dev.fanfare.bench.bare.BareTables;
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
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.stream.Stream;

/**
 * Everything that is measured, on one machine: a durable PostgreSQL in a temporary folder, a server
 * and a worker in processes of their own, a client in this one.
 */
final class Stage implements AutoCloseable {
  /** How to end what was started. */
  private interface Stop {
    void run() throws IOException, SQLException;
  }

  private final Deque<Stop> stops = new ArrayDeque<>();
  private final Path folder;
  private final EmbeddedPostgres postgres;
  private final ServerProcess server;
  private final WorkerProcess worker;
  private final Fanfare client;
  private final Connection observer;

  private Stage(BenchOptions options) throws IOException, SQLException {
    folder = Files.createTempDirectory("fanfare-bench-");
    stops.push(() -> delete(folder));
    Path home = Files.createDirectories(folder.resolve("postgres"));
    if (options.postgresSettings() != null) {
      Files.copy(options.postgresSettings(), home.resolve("postgresql.local.conf"));
    }
    postgres = EmbeddedPostgres.start(EmbeddedPostgresConfig.in(home));
    stops.push(postgres::close);
    server =
        ServerProcess.start(
            folder.resolve("server"), databaseUrl(postgres.port()), options.serverFlags());
    stops.push(server::close);
    worker = WorkerProcess.start(server.url(), server.key());
    stops.push(worker::close);
    client = Fanfare.builder().url(server.url()).secretKey(server.key()).build();
    observer = connect();
    stops.push(observer::close);
    BareTables.create(observer);
  }

  /**
   * Starts everything. When a part does not start, the others end with this process; one that is
   * killed leaves its folder in the system's temporary folder.
   */
  static Stage open(BenchOptions options) throws IOException, SQLException {
    return new Stage(options);
  }

  /** The address of the database for a server, by this port. */
  String databaseUrl(int port) {
    return "postgres://%s:%s@127.0.0.1:%d/fanfare?sslmode=disable"
        .formatted(postgres.user(), postgres.password(), port);
  }

  EmbeddedPostgres postgres() {
    return postgres;
  }

  Path folder() {
    return folder;
  }

  WorkerProcess worker() {
    return worker;
  }

  Fanfare client() {
    return client;
  }

  /** A connection that looks on; for one thread. */
  Connection observer() {
    return observer;
  }

  /** A new connection, to be closed by the caller. */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }

  /**
   * Every measurement begins with the same: no stored runs on either side, nothing left to write.
   * The worker must rest.
   */
  void clear() throws SQLException {
    try (Statement statement = observer.createStatement()) {
      statement.execute(
          """
          truncate fanfare.runs, fanfare.run_tags, fanfare.ready, fanfare.delays, fanfare.parked,
                   fanfare.leases, fanfare.outcomes, fanfare.batches, fanfare.request_keys
          """);
      BareTables.truncate(observer);
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

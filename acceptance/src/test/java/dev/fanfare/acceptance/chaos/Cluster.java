package dev.fanfare.acceptance.chaos;

import dev.fanfare.acceptance.chaos.Processes.Serving;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A deployment of real processes: one PostgreSQL, two servers with the options that are shipped,
 * and three workers. A {@link BrokenWire} is on every link: client to server, worker to server,
 * server to database. Not thread-safe.
 */
final class Cluster implements AutoCloseable {
  static final int SERVERS = 2;
  static final int WORKERS = 3;

  /** Short, so that faults can last longer; long enough for a busy machine. */
  static final Duration LEASE = Duration.ofSeconds(6);

  /**
   * How long a worker may be away from its server without any risk to its session. The rest of the
   * lease may have passed since its last contact.
   */
  static final Duration SAFE = LEASE.minusSeconds(2);

  private static final int SLOTS = 30;
  private static final Duration DUMP = Duration.ofSeconds(20);

  /** Longer than a fault and the check after it, so that only what was checked is dropped. */
  static final Duration RETENTION = Duration.ofSeconds(180);

  private final Path folder;
  private final DatabaseProcess database;
  private final Processes processes;
  private final List<BrokenWire> databaseWires = new ArrayList<>();
  private final List<BrokenWire> clientWires = new ArrayList<>();
  private final List<BrokenWire> workerWires = new ArrayList<>();
  private final List<Serving> servers = new ArrayList<>();
  private final List<Jvm> workers = new ArrayList<>();

  private Cluster(Path folder, DatabaseProcess database) throws IOException {
    this.folder = folder;
    this.database = database;
    this.processes =
        new Processes()
            .serverOptions(Processes.shippedOptions())
            .logIn(folder)
            .set("FANFARE_SESSION_LEASE", LEASE.toSeconds() + "s")
            .set("FANFARE_START_LIMIT", "10s")
            .set("FANFARE_CANCEL_LIMIT", "10s")
            .set("FANFARE_API_RATE", "none")
            .set("FANFARE_PARTITION_SPAN", "5s")
            .set("FANFARE_RETENTION", RETENTION.toSeconds() + "s");
  }

  /**
   * Starts all processes.
   *
   * @param folder where they write their logs
   * @param home an empty folder for the database
   */
  static Cluster start(Path folder, Path home) throws Exception {
    Cluster cluster = new Cluster(folder, DatabaseProcess.create(home));
    for (int i = 0; i < SERVERS; i++) {
      cluster.databaseWires.add(new BrokenWire(cluster.database.port()));
      cluster.servers.add(cluster.serve(i, 0));
      cluster.clientWires.add(new BrokenWire(cluster.servers.get(i).url().getPort()));
    }
    for (int i = 0; i < WORKERS; i++) {
      int port = cluster.servers.get(serverOf(i)).url().getPort();
      cluster.workerWires.add(new BrokenWire(port));
      cluster.workers.add(cluster.work(i));
    }
    return cluster;
  }

  private Serving serve(int server, int port) throws IOException {
    String url =
        "postgres://%1$s:%1$s@127.0.0.1:%2$d/%1$s?ApplicationName=%3$s"
            .formatted(
                DatabaseProcess.APP, databaseWires.get(server).port(), applicationName(server));
    return processes.server(
        "server " + server,
        folder.resolve("home-" + server),
        Map.of("FANFARE_DATABASE_URL", url, "FANFARE_PORT", Integer.toString(port)));
  }

  private Jvm work(int worker) throws IOException {
    return processes.worker(
        "worker " + worker,
        ChaosWorker.class,
        local(workerWires.get(worker).port()),
        Map.of(
            "CHAOS_NAME", "worker-" + worker,
            "CHAOS_LEDGER", ledger(worker).toString(),
            "FANFARE_SLOTS", Integer.toString(SLOTS)));
  }

  /** How the connections of a server are named in {@code pg_stat_activity}. */
  static String applicationName(int server) {
    return "server-" + server;
  }

  /** The server that a worker is connected to. */
  static int serverOf(int worker) {
    return worker % SERVERS;
  }

  /** The workers that are connected to a server. */
  static Set<Integer> workersOf(int server) {
    return IntStream.range(0, WORKERS)
        .filter(worker -> serverOf(worker) == server)
        .boxed()
        .collect(Collectors.toSet());
  }

  private static URI local(int port) {
    return URI.create("http://127.0.0.1:" + port);
  }

  DatabaseProcess database() {
    return database;
  }

  Jvm server(int server) {
    return servers.get(server).jvm();
  }

  Jvm worker(int worker) {
    return workers.get(worker);
  }

  /** The addresses of the servers, through the wires of the clients. */
  List<URI> urls() {
    return clientWires.stream().map(wire -> local(wire.port())).toList();
  }

  BrokenWire databaseWire(int server) {
    return databaseWires.get(server);
  }

  BrokenWire clientWire(int server) {
    return clientWires.get(server);
  }

  BrokenWire workerWire(int worker) {
    return workerWires.get(worker);
  }

  /** The file in which a worker records its executions. */
  Path ledger(int worker) {
    return folder.resolve("executions-" + worker + ".txt");
  }

  /** Starts a killed server again, at its old port. */
  void restartServer(int server) throws Exception {
    Serving old = servers.get(server);
    processes.end(old.jvm());
    servers.set(server, serve(server, old.url().getPort()));
  }

  /** Starts a killed worker again. */
  void restartWorker(int worker) throws Exception {
    processes.end(workers.get(worker));
    workers.set(worker, work(worker));
  }

  /** Undoes whatever a fault left behind, so that the next one finds all processes at work. */
  void repair() throws Exception {
    Stream.of(databaseWires, clientWires, workerWires)
        .flatMap(List::stream)
        .forEach(wire -> {
          wire.release();
          wire.settle();
        });
    database.awaitReady();
    for (int i = 0; i < SERVERS; i++) {
      if (!server(i).isAlive()) {
        restartServer(i);
      }
    }
    for (int i = 0; i < WORKERS; i++) {
      if (!worker(i).isAlive()) {
        restartWorker(i);
      }
    }
  }

  /** Processes that ended by themselves. */
  List<String> deaths() {
    return Stream.concat(servers.stream().map(Serving::jvm), workers.stream())
        .filter(jvm -> !jvm.isAlive())
        .map(Jvm::toString)
        .toList();
  }

  /** The number of platform threads of each server. */
  List<Long> threads() throws IOException {
    List<Long> threads = new ArrayList<>();
    for (Serving serving : servers) {
      try (Stream<Path> tasks = Files.list(Path.of("/proc/" + serving.jvm().pid() + "/task"))) {
        threads.add(tasks.count());
      }
    }
    return threads;
  }

  /** The resident memory of each server in MiB. */
  List<Long> memory() throws IOException {
    List<Long> memory = new ArrayList<>();
    for (Serving serving : servers) {
      String status = Files.readString(Path.of("/proc/" + serving.jvm().pid() + "/status"));
      Matcher resident = Pattern.compile("VmRSS:\\s+(\\d+) kB").matcher(status);
      memory.add(resident.find() ? Long.parseLong(resident.group(1)) >> 10 : 0);
    }
    return memory;
  }

  /** Writes what all threads of the servers do, virtual ones included, into a file for each. */
  void dumpThreads(String name) throws IOException, InterruptedException {
    for (int i = 0; i < SERVERS; i++) {
      new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
              Long.toString(server(i).pid()),
              "Thread.dump_to_file",
              folder.resolve(name + "-threads-" + i + ".txt").toString())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor(DUMP.toSeconds(), TimeUnit.SECONDS);
    }
  }

  /** Waits until all workers have sessions, so that runs can be claimed. */
  void awaitWorkers(LeaseHistory history) {
    Await.until(
        "all workers to open their sessions",
        Duration.ofSeconds(60),
        () -> history.number("select count(*) from sessions") >= WORKERS);
  }

  @Override
  public void close() throws Exception {
    processes.close();
    for (BrokenWire wire : databaseWires) {
      wire.close();
    }
    for (BrokenWire wire : clientWires) {
      wire.close();
    }
    for (BrokenWire wire : workerWires) {
      wire.close();
    }
    database.close();
  }
}

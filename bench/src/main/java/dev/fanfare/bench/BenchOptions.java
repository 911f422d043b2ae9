package dev.fanfare.bench;

import dev.fanfare.bench.peer.Peers;
import dev.fanfare.bench.profile.Profile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The options of a benchmark run.
 *
 * @param small whether to run with small numbers, only to check that the benchmarks work
 * @param repeats how often each workload is measured; the table shows medians
 * @param peers the names of the peers to measure; empty: all; null: none
 * @param only the names of the workloads to run; empty: all
 * @param serverFlags additional JVM flags for the server, such as a flight recording
 * @param workerFlags the same for the worker
 * @param profiled whether the server and the worker are recorded, which costs them a little
 * @param stored how many finished runs the workload {@code stored} loads; at least two batches a
 *     day
 * @param streamed how many items the batch of the workload {@code stream} has
 * @param minutes how long {@code snapshot} and {@code mixed} last; absent: as long as they usually
 *     do
 * @param queueLimit the concurrency limit of the queue of {@code snapshot}; 0: no limit
 * @param seed the seed of random values; absent: a random one
 * @param postgresSettings a file with additional PostgreSQL settings, such as logging; absent: none
 */
record BenchOptions(
    boolean small,
    int repeats,
    @Nullable Set<String> peers,
    Set<String> only,
    List<String> serverFlags,
    List<String> workerFlags,
    boolean profiled,
    int stored,
    int streamed,
    @Nullable Duration minutes,
    int queueLimit,
    @Nullable Long seed,
    @Nullable Path postgresSettings) {

  static final String USAGE =
      """
      Measures Fanfare beside a plain-JDBC baseline and beside other queues on PostgreSQL.
      Starts its own PostgreSQL.

        --short                 small numbers, one repeat: only checks that it works. Most
                                workloads share a database and a server then
        --repeats=N             how often each workload is measured (3); the table shows medians
        --no-peers              without the other queues
        --peers=NAME[,NAME]     some of them: db-scheduler JobRunr graphile-worker pg-boss
        --only=NAME[,NAME]      some of: ingest drain latency fanout single round-trips fairness
                                growth network micro. Without it, all of these.
                                Only by name: stored snapshot mixed stream
        --stored=N              stored: how many finished runs are loaded (10000000)
        --streamed=N            stream: how many items the batch has (1000000)
        --minutes=N             how long snapshot (60) and mixed (30) last
        --seed=N                stored: repeats the random values of an earlier run
        --queue-limit=N         snapshot: a concurrency limit for the queue (0: none)
        --server-flag=FLAG      an additional JVM flag for the server; repeatable
        --worker-flag=FLAG      the same for the worker
        --profile               draw flame graphs of the server and the worker, in target/profile
        --postgres-conf=FILE    additional settings for PostgreSQL
      """;

  /** A stream of more than 10,000 items waits in the database until it is complete. */
  private static final int STREAMED_LEAST = 11_000;

  /** Enough for some polls. */
  private static final Duration MINUTES_LEAST = Duration.ofSeconds(2);

  /**
   * Parses a command line.
   *
   * @throws IllegalArgumentException if it is invalid
   */
  static BenchOptions parse(String[] args) {
    boolean small = false;
    int repeats = 0;
    Set<String> peers = new TreeSet<>();
    boolean withPeers = true;
    Set<String> only = new TreeSet<>();
    List<String> serverFlags = new ArrayList<>();
    List<String> workerFlags = new ArrayList<>();
    boolean profiled = false;
    int stored = 0;
    int streamed = 0;
    int minutes = 0;
    int queueLimit = 0;
    Long seed = null;
    Path settings = null;
    for (String arg : args) {
      String value = arg.substring(arg.indexOf('=') + 1);
      if (arg.equals("--short")) {
        small = true;
      } else if (arg.startsWith("--repeats=")) {
        repeats = Integer.parseInt(value);
      } else if (arg.equals("--no-peers")) {
        withPeers = false;
      } else if (arg.startsWith("--peers=")) {
        peers.addAll(names(value, Peers.names()));
      } else if (arg.startsWith("--only=")) {
        only.addAll(names(value, Bench.names()));
      } else if (arg.startsWith("--server-flag=")) {
        serverFlags.add(value);
      } else if (arg.startsWith("--worker-flag=")) {
        workerFlags.add(value);
      } else if (arg.equals("--profile")) {
        profiled = true;
        serverFlags.add(Profile.flag("server"));
        workerFlags.add(Profile.flag("worker"));
      } else if (arg.startsWith("--stored=")) {
        stored = Integer.parseInt(value);
      } else if (arg.startsWith("--streamed=")) {
        streamed = Integer.parseInt(value);
      } else if (arg.startsWith("--minutes=")) {
        minutes = Integer.parseInt(value);
      } else if (arg.startsWith("--seed=")) {
        seed = Long.valueOf(value);
      } else if (arg.startsWith("--queue-limit=")) {
        queueLimit = Integer.parseInt(value);
      } else if (arg.startsWith("--postgres-conf=")) {
        settings = Path.of(value);
      } else {
        throw new IllegalArgumentException("Unknown option " + arg);
      }
    }
    return new BenchOptions(
        small,
        repeats > 0 ? repeats : small ? 1 : 3,
        withPeers ? peers : null,
        only,
        serverFlags,
        workerFlags,
        profiled,
        stored > 0 ? stored : small ? 0 : 10_000_000,
        streamed > 0 ? streamed : small ? STREAMED_LEAST : 1_000_000,
        minutes > 0 ? Duration.ofMinutes(minutes) : small ? MINUTES_LEAST : null,
        queueLimit,
        seed,
        settings);
  }

  /** How long a workload lasts that usually lasts for {@code usual}. */
  Duration lasting(Duration usual) {
    return minutes == null ? usual : minutes;
  }

  private static List<String> names(String value, List<String> known) {
    List<String> names = List.of(value.split(",", -1));
    for (String name : names) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "Unknown name " + name + "; there are " + String.join(" ", known));
      }
    }
    return names;
  }

  boolean wants(String workload) {
    return only.isEmpty() || only.contains(workload);
  }

  /** Whether a workload is to run that runs only when it is named. */
  boolean names(String workload) {
    return only.contains(workload);
  }

  /** Returns {@code full}, or {@code little} in a short run. */
  int size(int full, int little) {
    return small ? little : full;
  }
}

package dev.fanfare.bench;

import dev.fanfare.bench.peer.Peers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The benchmark harness: runs workloads and prints tables. Started by {@code make bench}. */
public final class Bench {
  private static final Path RESULTS = Path.of("target", "benchmarks.json");

  private static final List<Workload> WORKLOADS =
      List.of(
          new IngestWorkload(),
          new DrainWorkload(),
          new LatencyWorkload(),
          new FanOutWorkload(),
          new SingleWorkload(),
          new RoundTripsWorkload());

  private static final List<LongWorkload> LONG_WORKLOADS =
      List.of(new StoredWorkload(), new SnapshotWorkload());

  private Bench() {}

  /** Runs the benchmarks; see {@code --help}. */
  public static void main(String[] args) throws Exception {
    if (List.of(args).contains("--help")) {
      System.out.print(BenchOptions.USAGE);
      return;
    }
    BenchOptions options;
    try {
      options = BenchOptions.parse(args);
    } catch (IllegalArgumentException e) {
      System.err.print(e.getMessage() + "\n\n" + BenchOptions.USAGE);
      System.exit(2);
      return;
    }
    Report report = measure(options);
    System.out.print("\n" + report.text());
    report.write(RESULTS);
  }

  private static Report measure(BenchOptions options) throws Exception {
    Progress progress = new Progress();
    double loadBefore = Machine.load();
    List<Row> rows = new ArrayList<>();
    Machine machine;
    List<Peers.About> peers;
    try (Testbed testbed = open(options, Map.of(), progress)) {
      machine = Machine.find(testbed.observer(), loadBefore);
      if (WORKLOADS.stream().anyMatch(w -> w.withPeers() && options.wants(w.name()))) {
        testbed.startPeers(options, progress);
      }
      for (Workload workload : WORKLOADS) {
        if (options.wants(workload.name())) {
          rows.addAll(workload.measure(testbed, options, progress));
        }
      }
      peers = testbed.peers().about();
    }
    for (LongWorkload workload : LONG_WORKLOADS) {
      if (options.names(workload.name())) {
        try (Testbed testbed = open(options, workload.settings(), progress)) {
          rows.addAll(workload.measure(testbed, options, progress));
        }
      }
    }
    List<Report.Microbenchmark> micro =
        options.wants("micro") ? Microbenchmarks.run(options, progress) : List.of();
    return new Report(
        machine, Machine.load(), options.small(), options.repeats(), rows, peers, micro);
  }

  private static Testbed open(BenchOptions options, Map<String, String> settings, Progress progress)
      throws Exception {
    progress.say("starting PostgreSQL, the server and the worker");
    Testbed testbed = Testbed.open(options, settings);
    testbed.worker().start(1); // declares the tasks: a run of an undeclared task would be parked
    testbed.client().trigger(Tasks.NOTHING, Tasks.items(1).getFirst());
    Thread.sleep(500);
    testbed.worker().stop();
    return testbed;
  }
}

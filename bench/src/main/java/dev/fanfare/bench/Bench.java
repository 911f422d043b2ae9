package dev.fanfare.bench;

import dev.fanfare.bench.peer.Peers;
import dev.fanfare.bench.profile.Profile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The benchmark harness: runs workloads and prints tables. Started by {@code make bench}. */
public final class Bench {
  private static final Path RESULTS = Path.of("target");

  private static final List<Workload> WORKLOADS =
      List.of(
          new IngestWorkload(),
          new DrainWorkload(100, 500),
          new LatencyWorkload(),
          new FanOutWorkload(),
          new SingleWorkload(),
          new RoundTripsWorkload(),
          new FairnessWorkload(),
          new GrowthWorkload());

  private static final List<SeparateWorkload> SEPARATE_WORKLOADS =
      List.of(
          new NetworkWorkload(),
          new SnapshotWorkload(),
          new MixedWorkload(),
          new StreamWorkload(),
          new StoredWorkload()); // it changes the settings, so what shares its testbed comes before

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
    if (options.profiled()) {
      Profile.begin();
    }
    Report report = measure(options);
    System.out.print("\n" + new TextReport(report).text());
    report.write(RESULTS);
    if (options.profiled()) {
      Profile.draw();
    }
    if (options.small() && !report.failedPeers().isEmpty()) {
      System.exit(1); // a short run is there to find what does not work
    }
  }

  /** Runs the wanted workloads. */
  static Report measure(BenchOptions options) throws Exception {
    Progress progress = new Progress();
    double loadBefore = Machine.load();
    List<Row> rows = new ArrayList<>();
    Machine machine;
    List<Peers.About> peers;
    List<SeparateWorkload> separate = separateWorkloads(options);
    List<SeparateWorkload> sharing =
        options.small() ? separate.stream().filter(SeparateWorkload::canShare).toList() : List.of();
    Map<String, String> settings = new HashMap<>();
    sharing.forEach(workload -> settings.putAll(workload.settings()));
    try (Testbed testbed = open(options, settings, Duration.ZERO, progress)) {
      machine = Machine.find(testbed.observer(), loadBefore);
      if (WORKLOADS.stream().anyMatch(w -> w.withPeers() && options.wants(w.name()))) {
        testbed.startPeers(options, progress);
      }
      for (Workload workload : WORKLOADS) {
        if (options.wants(workload.name())) {
          rows.addAll(workload.measure(testbed, options, progress));
        }
      }
      for (Workload workload : sharing) {
        testbed.clear();
        rows.addAll(workload.measure(testbed, options, progress));
      }
      peers = testbed.peers().about();
    }
    for (SeparateWorkload workload : separate) {
      if (!sharing.contains(workload)) {
        try (Testbed testbed =
            open(options, workload.settings(), workload.databaseDelay(), progress)) {
          rows.addAll(workload.measure(testbed, options, progress));
        }
      }
    }
    List<Report.Microbenchmark> micro =
        options.wants("micro") ? Microbenchmarks.run(options, progress) : List.of();
    return new Report(
        machine, Machine.load(), options.small(), options.repeats(), rows, peers, micro);
  }

  private static List<SeparateWorkload> separateWorkloads(BenchOptions options) {
    return SEPARATE_WORKLOADS.stream()
        .filter(w -> w.onlyByName() ? options.names(w.name()) : options.wants(w.name()))
        .toList();
  }

  /** The names of all workloads. */
  static List<String> names() {
    return Stream.of(
            WORKLOADS.stream().map(Workload::name),
            SEPARATE_WORKLOADS.stream().map(Workload::name),
            Stream.of("micro"))
        .flatMap(names -> names)
        .toList();
  }

  private static Testbed open(
      BenchOptions options, Map<String, String> settings, Duration delay, Progress progress)
      throws Exception {
    progress.say("starting PostgreSQL, the server and the worker");
    Testbed testbed = Testbed.open(options, settings, delay);
    testbed.worker().start(1); // declares the tasks: a run of an undeclared task would be parked
    testbed.client().trigger(Tasks.NOTHING, Tasks.items(1).getFirst());
    Thread.sleep(500);
    testbed.worker().stop();
    return testbed;
  }
}

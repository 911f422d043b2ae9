package dev.fanfare.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Measures everything and prints one table: {@code make bench}. */
public final class Bench {
  private static final Path RESULTS = Path.of("target", "benchmarks.json");

  private static final List<Work> WORKS =
      List.of(
          new IngestWork(),
          new DrainWork(),
          new LatencyWork(),
          new FanOutWork(),
          new SingleWork(),
          new TripsWork());

  private Bench() {}

  /** See {@code --help}. */
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
    progress.say("starting PostgreSQL, the server and the worker");
    Machine machine;
    try (Stage stage = Stage.open(options)) {
      machine = Machine.find(stage.observer(), loadBefore);
      stage.worker().work(1); // registers the tasks: a run of an unknown one would be set aside
      stage.client().trigger(Tasks.NOTHING, Tasks.items(1).getFirst());
      Thread.sleep(500);
      stage.worker().rest();
      for (Work work : WORKS) {
        if (options.wants(work.name())) {
          rows.addAll(work.measure(stage, options, progress));
        }
      }
    }
    List<Report.Micro> micro = options.wants("micro") ? Micros.run(options, progress) : List.of();
    return new Report(machine, Machine.load(), options.small(), options.repeats(), rows, micro);
  }
}

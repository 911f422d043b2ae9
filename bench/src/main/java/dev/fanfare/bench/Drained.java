package dev.fanfare.bench;

import java.util.List;

/**
 * The result of storing runs and draining them.
 *
 * @param perSecond how many runs were drained per second
 * @param usage what storing and draining used together
 */
record Drained(double perSecond, int runs, Usage usage) {

  /** Stores and drains. */
  interface Drain {
    /** Returns the runs drained per second. */
    double run() throws Exception;
  }

  static Drained measure(Testbed testbed, int runs, Drain drain) throws Exception {
    Usage before = Usage.read(testbed);
    double perSecond = drain.run();
    return new Drained(perSecond, runs, Usage.read(testbed).since(before));
  }

  /** The rows of what a run costs from its trigger to its outcome. */
  static List<Row> costs(List<Repeat<Drained>> repeats) {
    String cpu = "CPU s/100,000";
    return List.of(
        Row.of("cost", "WAL of a run", "bytes", repeats, d -> d.usage.walBytes() / d.runs),
        Row.of(
            "cost",
            "writing transactions, 1,000 runs",
            "count",
            repeats,
            d -> d.usage.transactions() * 1_000 / d.runs),
        Row.of("cost", "database", cpu, repeats, d -> d.cpu(d.usage.databaseCpu())),
        Row.of("cost", "all processes", cpu, repeats, d -> d.cpu(d.usage.allCpu())),
        Row.alone("cost", "server", cpu, repeats, d -> d.cpu(d.usage.serverCpu())),
        Row.alone("cost", "worker", cpu, repeats, d -> d.cpu(d.usage.workerCpu())));
  }

  private double cpu(double seconds) {
    return seconds * 100_000 / runs;
  }
}

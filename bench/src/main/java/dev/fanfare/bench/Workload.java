package dev.fanfare.bench;

import java.util.List;

/** One benchmark: measures Fanfare and, for comparison, the baseline and perhaps the peers. */
interface Workload {
  /** The workload's name, as {@code --only} accepts it. */
  String name();

  /** Whether it measures the peers, too. */
  default boolean withPeers() {
    return false;
  }

  /** Runs the measurement. The worker must be stopped before, and is stopped afterwards. */
  List<Row> measure(Testbed testbed, BenchOptions options, Progress progress) throws Exception;
}

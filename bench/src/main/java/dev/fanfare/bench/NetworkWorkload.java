package dev.fanfare.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Other workloads with a database elsewhere in a network: each round trip takes a millisecond
 * longer, for the server and for the baseline. Shows what round trips cost.
 */
final class NetworkWorkload implements SeparateWorkload {
  private static final Duration DELAY = Duration.ofMillis(1);

  private static final List<Workload> WORKLOADS =
      List.of(new IngestWorkload(), new DrainWorkload(100), new SingleWorkload());

  @Override
  public String name() {
    return "network";
  }

  @Override
  public Duration databaseDelay() {
    return DELAY;
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    List<Row> rows = new ArrayList<>();
    for (Workload workload : WORKLOADS) {
      progress.say("network: " + workload.name() + ", each round trip a millisecond longer");
      workload.measure(testbed, options, progress).stream()
          .filter(row -> row.workload().equals(workload.name())) // costs and memory are no others
          .forEach(row -> rows.add(row.in(name())));
    }
    return rows;
  }
}

package dev.fanfare.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Runs the workloads with small numbers: they have to run, and to measure something. Without peers,
 * which would have to be installed, and without microbenchmarks.
 */
@Timeout(900)
class BenchSmokeTest {
  private static final List<String> WORKLOADS =
      List.of(
          "ingest",
          "drain",
          "latency",
          "fanout",
          "single",
          "round-trips",
          "fairness",
          "growth",
          "network",
          "snapshot",
          "mixed",
          "stream",
          "stored");

  @Test
  void every_workload_runs() throws Exception {
    BenchOptions options =
        BenchOptions.parse(
            new String[] {"--short", "--no-peers", "--only=" + String.join(",", WORKLOADS)});

    Report report = Bench.measure(options);

    assertThat(report.rows().stream().map(Row::workload).collect(Collectors.toSet()))
        .containsAll(WORKLOADS)
        .contains("cost", "memory");
    assertThat(report.rows().stream().map(Row::what)).contains("drop of a table");
    assertThat(report.rows().stream().filter(row -> WORKLOADS.contains(row.workload())))
        .allSatisfy(row -> assertThat(row.ours().median()).isFinite());
  }
}

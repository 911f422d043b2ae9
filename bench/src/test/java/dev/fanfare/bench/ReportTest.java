package dev.fanfare.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.bench.peer.Peers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final Peers.About FAST = new Peers.About("fast", "1.2", "as it comes", "");
  private static final Peers.About SLOW = new Peers.About("slow", "3.4", "patiently", "");
  private static final Peers.About ABSENT = new Peers.About("absent", "", "unknown", "no Node");

  @Test
  void ratios_are_the_medians_of_those_of_the_repeats() {
    Row row =
        Row.of(
            "ingest",
            "1 caller",
            "runs/s",
            List.of(
                repeat(100, 200, 50, 25, 0),
                repeat(300, 300, 100, 25, 0),
                repeat(200, 1_000, 800, 25, 0.5)));

    assertThat(row.ours().median()).isEqualTo(200);
    assertThat(row.ratio()).isEqualTo(0.5);
    assertThat(row.best()).isNotNull().extracting(Row.PeerResult::name).isEqualTo("fast");
    assertThat(row.peer("fast")).hasValueSatisfying(one -> assertThat(one.ratio()).isEqualTo(2));
    assertThat(row.polluted()).isEqualTo(1);
  }

  @Test
  void the_best_peer_needs_the_least_time() {
    Row row = Row.of("latency", "p50", "ms", List.of(repeat(8, 4, 3, 50, 0)));

    assertThat(row.best()).isNotNull().extracting(Row.PeerResult::name).isEqualTo("fast");
  }

  @Test
  void tables_show_both_ratios_and_mark_what_was_polluted() {
    Report report =
        report(
            Row.of("ingest", "1 caller", "runs/s", List.of(repeat(1_000, 2_000, 500, 250, 0.5))),
            Row.alone("memory", "server, live heap", "MB", 64));

    assertThat(new TextReport(report).text())
        .contains("1 of 1 repeats POLLUTED")
        .contains("absent: unknown")
        .contains("not measured: no Node");
    assertThat(new MarkdownReport(report).text())
        .contains(
            "| ingest | 1 caller * | 1,000 runs/s | 2,000 runs/s | 0.500 | 500 runs/s, fast | 2.00"
                + " |")
        .contains("| memory | server, live heap | 64.00 MB |  |  |  |  |")
        .contains("| Workload | Measured | fast 1.2 | slow 3.4 |")
        .contains("| ingest | 1 caller | 500 runs/s (2.00) | 250 runs/s (4.00) |")
        .contains("- slow: patiently");
  }

  @Test
  void equal_shares_have_the_index_one() {
    assertThat(FairnessWorkload.jain(List.of(7.0, 7.0, 7.0))).isEqualTo(1);
    assertThat(FairnessWorkload.jain(List.of(9.0, 0.0, 0.0))).isEqualTo(1.0 / 3);
  }

  private static Repeat<Double> repeat(
      double ours, double baseline, double fast, double slow, double otherCpu) {
    return new Repeat<>(ours, baseline, Map.of("fast", fast, "slow", slow), otherCpu);
  }

  private static Report report(Row... rows) {
    Machine machine =
        new Machine("2026-01-02T03:04:05Z", 2, "a processor", 24_000, "Linux", "Java", "18.6", 0.5);
    return new Report(
        machine, 1.5, false, 1, List.of(rows), List.of(FAST, SLOW, ABSENT), List.of());
  }
}

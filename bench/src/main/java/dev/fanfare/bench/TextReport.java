package dev.fanfare.bench;

import dev.fanfare.bench.measure.OtherCpu;
import dev.fanfare.bench.measure.Spread;
import dev.fanfare.bench.peer.Peers;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The results as tables for a terminal. */
final class TextReport {
  private final Report report;
  private final Formatter text = new Formatter(Locale.ROOT);

  TextReport(Report report) {
    this.report = report;
  }

  String text() {
    text.format("%s", report.machine().text(report.loadAfter()));
    if (report.small()) {
      text.format("A short run: it checks that the benchmarks work; its figures mean little.%n");
    }
    if (report.polluted() > 0) {
      text.format(
          "POLLUTED: in %s rows, other processes took %.0f %% of the machine or more.%n",
          report.polluted(), 100 * OtherCpu.POLLUTED);
    }
    text.format(
        "Fanfare with its min – max, and its ratio to the baseline and to the best peer:%n");
    rows();
    if (!report.peers().isEmpty()) {
      peers();
    }
    if (!report.micro().isEmpty()) {
      text.format("%n%-57s %12s %12s%n", "micro", "score", "±");
    }
    for (Report.Microbenchmark one : report.micro()) {
      text.format("%-57s %12s ", one.name(), Figures.number(one.score()));
      text.format("%12s %s%n", Figures.number(one.error()), one.unit());
    }
    return text.toString();
  }

  private void rows() {
    text.format("%n%-11s %-50s %10s %-19s ", "workload", "", "Fanfare", "");
    text.format("%10s %-19s %6s ", "baseline", "", "ratio");
    text.format("%10s %6s %-16s %s%n", "best peer", "ratio", "", "unit");
    for (Row row : report.rows()) {
      text.format("%-11s %-50s ", row.workload(), row.what());
      text.format("%10s %-19s ", Figures.number(row.ours().median()), range(row.ours()));
      Spread baseline = row.baseline();
      text.format("%10s ", baseline == null ? "" : Figures.number(baseline.median()));
      text.format("%-19s ", baseline == null ? "" : range(baseline));
      text.format("%6s ", row.ratio() == null ? "" : Figures.number(row.ratio()));
      Row.PeerResult best = row.best();
      text.format("%10s ", best == null ? "" : Figures.number(best.result().median()));
      text.format("%6s ", best == null ? "" : Figures.number(best.ratio()));
      text.format("%-16s %s", best == null ? "" : best.name(), row.unit());
      if (row.polluted() > 0) {
        text.format(", %s of %s repeats POLLUTED", row.polluted(), row.otherCpu().size());
      }
      text.format("%n");
    }
  }

  private void peers() {
    text.format("%n%-11s %-34s %-16s ", "workload", "", "peer");
    text.format("%10s %-19s %12s %s%n", "", "", "Fanfare/peer", "unit");
    for (Row row : report.rows()) {
      if (!row.peers().isEmpty()) {
        report.peers().forEach(peer -> result(row, peer));
      }
    }
    text.format("%n");
    for (Peers.About peer : report.peers()) {
      text.format("%s: %s%n", (peer.name() + " " + peer.version()).strip(), peer.settings());
      if (!peer.notMeasured().isEmpty()) {
        text.format("  not measured: %s%n", peer.notMeasured());
      }
    }
  }

  private void result(Row row, Peers.About peer) {
    Optional<Row.PeerResult> result = row.peer(peer.name());
    if (result.isPresent()) {
      Spread spread = result.get().result();
      text.format("%-11s %-34s %-16s ", row.workload(), row.what(), peer.name());
      text.format("%10s %-19s ", Figures.number(spread.median()), range(spread));
      text.format("%12s %s%n", Figures.number(result.get().ratio()), row.unit());
    }
  }

  private static String range(Spread spread) {
    List<String> ends = List.of(Figures.number(spread.min()), Figures.number(spread.max()));
    return spread.min() == spread.max() ? "" : "(" + String.join(" – ", ends) + ")";
  }
}

package dev.fanfare.bench;

import dev.fanfare.bench.measure.OtherCpu;
import dev.fanfare.bench.measure.Spread;
import dev.fanfare.bench.peer.Peers;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The results as Markdown, for docs/benchmarks.md. */
final class MarkdownReport {
  private final Report report;
  private final List<String> lines = new ArrayList<>();

  MarkdownReport(Report report) {
    this.report = report;
  }

  String text() {
    machine();
    rows();
    List<Peers.About> peers =
        report.peers().stream().filter(peer -> !peer.version().isEmpty()).toList();
    if (!peers.isEmpty()) {
      peers(peers);
    }
    return String.join("\n", lines) + "\n";
  }

  private void machine() {
    if (report.small()) {
      paragraph("**A short run: its figures mean little.**");
    }
    Machine machine = report.machine();
    paragraph(
        String.format(
            Locale.ROOT,
            "Medians of %s %s, %s. %s cores (%s), %,d GB, %s; %s, PostgreSQL %s with `fsync` on."
                + " Load average %.1f before and %.1f after the run.",
            report.repeats(),
            report.repeats() == 1 ? "repeat" : "repeats",
            machine.date().replaceFirst("T.*", ""),
            machine.cores(),
            machine.processor(),
            Math.round(machine.memoryMegabytes() / 1_024.0),
            machine.system(),
            machine.java(),
            machine.postgres(),
            machine.loadBefore(),
            report.loadAfter()));
    if (report.polluted() > 0) {
      paragraph(
          String.format(
              Locale.ROOT,
              "**Polluted**, marked with *: other processes took %.0f %% of the machine or more in"
                  + " a repeat.",
              100 * OtherCpu.POLLUTED));
    }
  }

  private void rows() {
    row("Workload", "Measured", "Fanfare", "Baseline", "Ratio", "Best peer", "Ratio");
    rule(7);
    for (Row row : report.rows()) {
      Spread baseline = row.baseline();
      Row.PeerResult best = row.best();
      row(
          row.workload(),
          row.what() + (row.polluted() > 0 ? " *" : ""),
          figure(row.ours(), row),
          baseline == null ? "" : figure(baseline, row),
          row.ratio() == null ? "" : Figures.number(row.ratio()),
          best == null ? "" : figure(best.result(), row) + ", " + best.name(),
          best == null ? "" : Figures.number(best.ratio()));
    }
    lines.add("");
  }

  /** A column for each peer, with the ratio Fanfare / peer behind each figure. */
  private void peers(List<Peers.About> peers) {
    row(
        Stream.concat(
                Stream.of("Workload", "Measured"),
                peers.stream().map(peer -> peer.name() + " " + peer.version()))
            .toArray(String[]::new));
    rule(peers.size() + 2);
    for (Row row : report.rows()) {
      if (!row.peers().isEmpty()) {
        List<String> cells = new ArrayList<>(List.of(row.workload(), row.what()));
        for (Peers.About peer : peers) {
          cells.add(
              row.peer(peer.name())
                  .map(one -> figure(one.result(), row) + " (" + Figures.number(one.ratio()) + ")")
                  .orElse("not measured"));
        }
        row(cells.toArray(String[]::new));
      }
    }
    lines.add("");
    paragraph("In brackets: the ratio Fanfare / peer. Settings of the peers:");
    peers.forEach(peer -> lines.add("- " + peer.name() + ": " + peer.settings()));
  }

  private static String figure(Spread spread, Row row) {
    return Figures.number(spread.median()) + " " + row.unit();
  }

  private void paragraph(String text) {
    lines.add(text);
    lines.add("");
  }

  private void row(String... cells) {
    lines.add("| " + String.join(" | ", cells) + " |");
  }

  private void rule(int columns) {
    lines.add("|" + String.join("|", Collections.nCopies(columns, "---")) + "|");
  }
}

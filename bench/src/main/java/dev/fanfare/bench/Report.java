package dev.fanfare.bench;

import dev.fanfare.bench.measure.OtherCpu;
import dev.fanfare.bench.measure.Spread;
import dev.fanfare.bench.peer.Peers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The results of one benchmark run.
 *
 * @param loadAfter load average over a minute when the run ended; negative: unknown
 * @param small whether it was a short run, whose figures mean little
 * @param peers the peers that were to be measured; empty: none
 * @param micro the results of the JMH microbenchmarks; empty: they did not run
 */
record Report(
    Machine machine,
    double loadAfter,
    boolean small,
    int repeats,
    List<Row> rows,
    List<Peers.About> peers,
    List<Microbenchmark> micro) {

  /** The result of one JMH microbenchmark. */
  record Microbenchmark(String name, double score, double error, String unit) {}

  /** Formats the results as human-readable tables. */
  String text() {
    Formatter text = new Formatter(Locale.ROOT).format("%s", machine.text(loadAfter));
    if (small) {
      text.format("A short run: it checks that the benchmarks work; its figures mean little.%n");
    }
    long polluted = rows.stream().filter(row -> row.polluted() > 0).count();
    if (polluted > 0) {
      text.format(
          "POLLUTED: in %s rows, other processes took %.0f %% of the machine or more.%n",
          polluted, 100 * OtherCpu.POLLUTED);
    }
    rows(text);
    if (!peers.isEmpty()) {
      peers(text);
    }
    if (!micro.isEmpty()) {
      text.format("%n%-57s %12s %12s%n", "micro", "score", "±");
    }
    for (Microbenchmark one : micro) {
      text.format("%-57s %12s ", one.name(), number(one.score()));
      text.format("%12s %s%n", number(one.error()), one.unit());
    }
    return text.toString();
  }

  private void rows(Formatter text) {
    text.format("%n%-11s %-45s %10s %-19s ", "workload", "", "Fanfare", "(min – max)");
    text.format("%10s %-19s %6s ", "baseline", "(min – max)", "ratio");
    text.format("%10s %6s %-16s %s%n", "best peer", "ratio", "", "unit");
    for (Row row : rows) {
      text.format("%-11s %-45s ", row.workload(), row.what());
      text.format("%10s %-19s ", number(row.ours().median()), range(row.ours()));
      text.format("%10s %-19s ", number(row.baseline().median()), range(row.baseline()));
      text.format("%6.2f ", row.ratio());
      Row.PeerResult best = row.best();
      text.format("%10s ", best == null ? "" : number(best.result().median()));
      text.format("%6s ", best == null ? "" : number(best.ratio()));
      text.format("%-16s %s", best == null ? "" : best.name(), row.unit());
      if (row.polluted() > 0) {
        text.format(", %s of %s repeats POLLUTED", row.polluted(), row.otherCpu().size());
      }
      text.format("%n");
    }
  }

  private void peers(Formatter text) {
    text.format("%n%-11s %-32s %-16s ", "workload", "", "peer");
    text.format("%10s %-19s %12s %s%n", "", "(min – max)", "Fanfare/peer", "unit");
    for (Row row : rows) {
      if (!row.peers().isEmpty()) {
        peers.forEach(peer -> result(text, row, peer));
      }
    }
    text.format("%n");
    for (Peers.About peer : peers) {
      text.format("%s: %s%n", (peer.name() + " " + peer.version()).strip(), peer.settings());
    }
  }

  private static void result(Formatter text, Row row, Peers.About peer) {
    text.format("%-11s %-32s %-16s ", row.workload(), row.what(), peer.name());
    Optional<Row.PeerResult> result =
        row.peers().stream().filter(one -> one.name().equals(peer.name())).findFirst();
    if (result.isEmpty()) {
      text.format("not measured: %s%n", peer.notMeasured());
      return;
    }
    Spread spread = result.get().result();
    text.format("%10s %-19s ", number(spread.median()), range(spread));
    text.format("%12.2f %s%n", result.get().ratio(), row.unit());
  }

  private static String range(Spread spread) {
    return spread.min() == spread.max()
        ? ""
        : "(" + number(spread.min()) + " – " + number(spread.max()) + ")";
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : "%.2f", value);
  }

  /** Writes the results as JSON. */
  void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    JsonMapper mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    Files.writeString(file, mapper.writeValueAsString(this) + "\n");
  }
}

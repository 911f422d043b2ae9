package dev.fanfare.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The results of one benchmark run.
 *
 * @param loadAfter load average over a minute when the run ended; negative: unknown
 * @param small whether it was a short run, whose figures mean little
 * @param micro the results of the JMH microbenchmarks; empty: they did not run
 */
record Report(
    Machine machine,
    double loadAfter,
    boolean small,
    int repeats,
    List<Row> rows,
    List<Microbenchmark> micro) {

  /** The result of one JMH microbenchmark. */
  record Microbenchmark(String name, double score, double error, String unit) {}

  /** Formats the results as human-readable tables. */
  String text() {
    Formatter text = new Formatter(Locale.ROOT).format("%s", machine.text(loadAfter));
    if (small) {
      text.format("A short run: it checks that the benchmarks work; its figures mean little.%n");
    }
    text.format(
        "%n%-11s %-45s %12s %12s %8s %s%n", "workload", "", "Fanfare", "baseline", "ratio", "unit");
    for (Row row : rows) {
      text.format("%-11s %-45s ", row.workload(), row.what());
      text.format("%12s %12s ", number(row.ours()), number(row.baseline()));
      text.format("%8.2f %s%n", row.ratio(), row.unit());
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

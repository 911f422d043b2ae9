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
 * What a run of the harness found.
 *
 * @param micro what JMH found, as its own sentences of a line each
 */
record Report(
    Machine machine,
    double loadAfter,
    boolean small,
    int repeats,
    List<Row> rows,
    List<Micro> micro) {

  /** A benchmark of a few lines of code, by JMH. */
  record Micro(String name, double score, double error, String unit) {}

  /** The tables, for people. */
  String text() {
    Formatter text = new Formatter(Locale.ROOT).format("%s", machine.text(loadAfter));
    if (small) {
      text.format("A short run: it shows that everything runs, not how fast.%n");
    }
    text.format("%n%-8s %-44s %12s %12s %8s %s%n", "work", "", "ours", "limit", "ratio", "unit");
    for (Row row : rows) {
      text.format("%-8s %-44s ", row.work(), row.what());
      text.format("%12s %12s ", number(row.ours()), number(row.limit()));
      text.format("%8.2f %s%n", row.ratio(), row.unit());
    }
    if (!micro.isEmpty()) {
      text.format("%n%-53s %12s %12s%n", "micro", "score", "±");
    }
    for (Micro one : micro) {
      text.format("%-53s %12s ", one.name(), number(one.score()));
      text.format("%12s %s%n", number(one.error()), one.unit());
    }
    return text.toString();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : "%.2f", value);
  }

  /** The same for programs. */
  void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    JsonMapper mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    Files.writeString(file, mapper.writeValueAsString(this) + "\n");
  }
}

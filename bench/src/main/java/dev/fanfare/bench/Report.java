package dev.fanfare.bench;

import dev.fanfare.bench.peer.Peers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

  /** How many rows have a repeat that other processes disturbed. */
  long polluted() {
    return rows.stream().filter(row -> row.polluted() > 0).count();
  }

  /** The peers that could be started, and then failed. */
  List<Peers.About> failedPeers() {
    return peers.stream()
        .filter(peer -> !peer.version().isEmpty() && !peer.notMeasured().isEmpty())
        .toList();
  }

  /** Writes the results into a folder, as JSON and as Markdown. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    JsonMapper mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    Files.writeString(folder.resolve("benchmarks.json"), mapper.writeValueAsString(this) + "\n");
    Files.writeString(folder.resolve("benchmarks.md"), new MarkdownReport(this).text());
  }
}

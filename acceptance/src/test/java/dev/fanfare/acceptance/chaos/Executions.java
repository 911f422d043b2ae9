package dev.fanfare.acceptance.chaos;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads what the workers recorded. Not thread-safe. */
final class Executions {
  static final String DONE = "done";
  static final String FAILED = "failed";
  static final String INTERRUPTED = "interrupted";
  private static final String START = "start";

  /**
   * One call of a handler.
   *
   * @param startMillis when it began, in milliseconds since 1970
   * @param endMillis when it ended; the largest number if the process died first
   * @param end how it ended; {@code never} if the process died first
   */
  record Execution(
      String run, int worker, int attempt, long startMillis, long endMillis, String end) {}

  private final Cluster cluster;
  private final long[] read = new long[Cluster.WORKERS];
  private final Map<String, List<Execution>> open = new HashMap<>();

  Executions(Cluster cluster) {
    this.cluster = cluster;
  }

  /** The executions that were recorded since the last call, by run, in the order of their start. */
  Map<String, List<Execution>> next() throws IOException {
    open.clear();
    for (int worker = 0; worker < Cluster.WORKERS; worker++) {
      for (String line : lines(worker)) {
        String[] words = line.split(" ");
        if (words.length == 4) {
          add(worker, words[0], Long.parseLong(words[1]), words[2], Integer.parseInt(words[3]));
        }
      }
    }
    open.values().forEach(list -> list.sort(Comparator.comparingLong(Execution::startMillis)));
    return Map.copyOf(open);
  }

  private void add(int worker, String what, long millis, String run, int attempt) {
    List<Execution> executions = open.computeIfAbsent(run, absent -> new ArrayList<>());
    if (what.equals(START)) {
      executions.add(new Execution(run, worker, attempt, millis, Long.MAX_VALUE, "never"));
      return;
    }
    for (int i = executions.size() - 1; i >= 0; i--) {
      Execution begun = executions.get(i);
      if (begun.worker == worker && begun.attempt == attempt && begun.end.equals("never")) {
        executions.set(i, new Execution(run, worker, attempt, begun.startMillis, millis, what));
        return;
      }
    }
  }

  private List<String> lines(int worker) throws IOException {
    if (Files.notExists(cluster.ledger(worker))) {
      return List.of();
    }
    try (RandomAccessFile file = new RandomAccessFile(cluster.ledger(worker).toFile(), "r")) {
      byte[] bytes = new byte[Math.toIntExact(file.length() - read[worker])];
      file.seek(read[worker]);
      file.readFully(bytes);
      read[worker] += bytes.length;
      return new String(bytes, StandardCharsets.UTF_8).lines().toList();
    }
  }
}

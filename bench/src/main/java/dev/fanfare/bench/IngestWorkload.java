package dev.fanfare.bench;

import dev.fanfare.bench.Row.Pair;
import dev.fanfare.bench.baseline.BaselineQueue;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The throughput of batches of 1,000 over HTTP, with one caller and with eight. The baseline
 * inserts the same rows with one statement per batch into a table with three indexes, with as many
 * callers. A stricter baseline also inserts the ready rows, in the same statement.
 */
final class IngestWorkload implements Workload {
  private static final int BATCH = 1_000;

  @Override
  public String name() {
    return "ingest";
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    int batches = options.size(100, 10);
    progress.say("ingest: warming up");
    ours(testbed, 1, options.size(60, 10));
    baseline(testbed, 1, options.size(60, 10), false);
    List<Row> rows = new ArrayList<>();
    for (int callers : new int[] {1, 8}) {
      List<Pair> rates = new ArrayList<>();
      List<Pair> strictRates = new ArrayList<>();
      List<Pair> p50s = new ArrayList<>();
      List<Pair> p99s = new ArrayList<>();
      for (int repeat = 1; repeat <= options.repeats(); repeat++) {
        Timings baseline = baseline(testbed, callers, batches, false);
        Timings strict = baseline(testbed, callers, batches, true);
        Timings ours = ours(testbed, callers, batches);
        progress.say(
            String.format(
                Locale.ROOT,
                "ingest, %s callers, repeat %s: %,.0f runs/s, baseline %,.0f",
                callers,
                repeat,
                ours.perSecond(BATCH),
                baseline.perSecond(BATCH)));
        rates.add(new Pair(ours.perSecond(BATCH), baseline.perSecond(BATCH)));
        strictRates.add(new Pair(ours.perSecond(BATCH), strict.perSecond(BATCH)));
        p50s.add(new Pair(ours.p50Millis(), baseline.p50Millis()));
        p99s.add(new Pair(ours.p99Millis(), baseline.p99Millis()));
      }
      String who = callers == 1 ? "1 caller" : callers + " callers";
      rows.add(Row.of("ingest", who, "runs/s", rates));
      rows.add(Row.of("ingest", who + ", baseline with ready rows", "runs/s", strictRates));
      rows.add(Row.of("ingest", who + ", batch p50", "ms", p50s));
      rows.add(Row.of("ingest", who + ", batch p99", "ms", p99s));
    }
    return rows;
  }

  private static Timings ours(Testbed testbed, int callers, int batches) throws Exception {
    testbed.clear();
    List<Tasks.Item> items = Tasks.items(BATCH);
    return Callers.run(
        callers, batches, caller -> testbed.client().batchTrigger(Tasks.NOTHING, items));
  }

  private static Timings baseline(Testbed testbed, int callers, int batches, boolean ready)
      throws Exception {
    testbed.clear();
    List<String> payloads = Tasks.texts(BATCH);
    List<Connection> connections = new ArrayList<>();
    List<BaselineQueue> queues = new ArrayList<>();
    try {
      for (int c = 0; c < callers; c++) {
        connections.add(testbed.connect());
        queues.add(new BaselineQueue(connections.getLast()));
      }
      return Callers.run(
          callers,
          batches,
          caller -> {
            if (ready) {
              queues.get(caller).storeReady(payloads);
            } else {
              queues.get(caller).store(payloads);
            }
          });
    } finally {
      for (Connection connection : connections) {
        connection.close();
      }
    }
  }
}

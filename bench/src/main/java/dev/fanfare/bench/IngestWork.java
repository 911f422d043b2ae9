package dev.fanfare.bench;

import dev.fanfare.bench.Row.Pair;
import dev.fanfare.bench.bare.BareQueue;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;

/**
 * Batches of 1,000 over HTTP, by one caller and by eight. The limit: the same rows by one statement
 * a batch into a table with three indexes, by as many callers; the sterner limit also makes them
 * ready, in the same statement.
 */
final class IngestWork implements Work {
  private static final int BATCH = 1_000;

  @Override
  public String name() {
    return "ingest";
  }

  @Override
  public List<Row> measure(Stage stage, BenchOptions options, Progress progress) throws Exception {
    int batches = options.size(100, 10);
    progress.say("ingest: warming up");
    ours(stage, 1, options.size(60, 10));
    bare(stage, 1, options.size(60, 10), false);
    List<Row> rows = new ArrayList<>();
    for (int callers : new int[] {1, 8}) {
      List<Pair> rates = new ArrayList<>();
      List<Pair> sternRates = new ArrayList<>();
      List<Pair> p50s = new ArrayList<>();
      List<Pair> p99s = new ArrayList<>();
      for (int repeat = 1; repeat <= options.repeats(); repeat++) {
        Timings limit = bare(stage, callers, batches, false);
        Timings stern = bare(stage, callers, batches, true);
        Timings ours = ours(stage, callers, batches);
        progress.say(
            "ingest, %d callers, repeat %d: %,.0f runs/s, limit %,.0f"
                .formatted(callers, repeat, ours.perSecond(BATCH), limit.perSecond(BATCH)));
        rates.add(new Pair(ours.perSecond(BATCH), limit.perSecond(BATCH)));
        sternRates.add(new Pair(ours.perSecond(BATCH), stern.perSecond(BATCH)));
        p50s.add(new Pair(ours.p50Millis(), limit.p50Millis()));
        p99s.add(new Pair(ours.p99Millis(), limit.p99Millis()));
      }
      String who = callers == 1 ? "1 caller" : callers + " callers";
      rows.add(Row.of("ingest", who, "runs/s", rates));
      rows.add(Row.of("ingest", who + ", limit with ready rows", "runs/s", sternRates));
      rows.add(Row.of("ingest", who + ", batch p50", "ms", p50s));
      rows.add(Row.of("ingest", who + ", batch p99", "ms", p99s));
    }
    return rows;
  }

  private static Timings ours(Stage stage, int callers, int batches) throws Exception {
    stage.clear();
    List<Tasks.Item> items = Tasks.items(BATCH);
    return Callers.run(
        callers, batches, caller -> stage.client().batchTrigger(Tasks.NOTHING, items));
  }

  private static Timings bare(Stage stage, int callers, int batches, boolean ready)
      throws Exception {
    stage.clear();
    List<String> payloads = Tasks.texts(BATCH);
    List<Connection> connections = new ArrayList<>();
    List<BareQueue> queues = new ArrayList<>();
    try {
      for (int c = 0; c < callers; c++) {
        connections.add(stage.connect());
        queues.add(new BareQueue(connections.getLast()));
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

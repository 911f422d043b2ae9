package dev.fanfare.bench;

import dev.fanfare.bench.Row.Pair;
import dev.fanfare.bench.bare.BareQueue;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;

/**
 * Many queued runs of a task that does nothing, one worker process, from its start until every run
 * is durably done. The limit: the same cycle in two statements, claims of 100, four connections.
 */
final class DrainWork implements Work {
  private static final int BATCH = 1_000;
  private static final int BARE_CLAIM = 100;
  private static final int BARE_CONNECTIONS = 4;

  @Override
  public String name() {
    return "drain";
  }

  @Override
  public List<Row> measure(Stage stage, BenchOptions options, Progress progress) throws Exception {
    int runs = options.size(100_000, 5_000);
    progress.say("drain: warming up");
    ours(stage, options.size(30_000, 1_000), 100);
    bare(stage, options.size(30_000, 1_000));
    List<Row> rows = new ArrayList<>();
    for (int slots : new int[] {100, 500}) {
      List<Pair> rates = new ArrayList<>();
      for (int repeat = 1; repeat <= options.repeats(); repeat++) {
        double limit = bare(stage, runs);
        double ours = ours(stage, runs, slots);
        progress.say(
            "drain, %d slots, repeat %d: %,.0f runs/s, limit %,.0f"
                .formatted(slots, repeat, ours, limit));
        rates.add(new Pair(ours, limit));
      }
      rows.add(Row.of("drain", "%,d runs, %d slots".formatted(runs, slots), "runs/s", rates));
    }
    return rows;
  }

  private static double ours(Stage stage, int runs, int slots) throws Exception {
    stage.clear();
    List<Tasks.Item> items = Tasks.items(BATCH);
    Callers.run(4, runs / BATCH, caller -> stage.client().batchTrigger(Tasks.NOTHING, items));
    long begun = System.nanoTime();
    stage.worker().work(slots);
    Batches.awaitAll(stage.observer());
    double perSecond = runs * 1e9 / (System.nanoTime() - begun);
    stage.worker().rest();
    return perSecond;
  }

  private static double bare(Stage stage, int runs) throws Exception {
    stage.clear();
    List<String> payloads = Tasks.texts(BATCH);
    BareQueue filling = new BareQueue(stage.observer());
    for (int i = 0; i < runs / BATCH; i++) {
      filling.storeReady(payloads);
    }
    List<Connection> connections = new ArrayList<>();
    try {
      for (int c = 0; c < BARE_CONNECTIONS; c++) {
        connections.add(stage.connect());
      }
      Timings timings =
          Callers.run(
              BARE_CONNECTIONS,
              BARE_CONNECTIONS,
              caller -> new BareQueue(connections.get(caller)).drain(BARE_CLAIM));
      return timings.perSecond(runs) / BARE_CONNECTIONS;
    } finally {
      for (Connection connection : connections) {
        connection.close();
      }
    }
  }
}

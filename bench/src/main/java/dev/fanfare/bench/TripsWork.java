package dev.fanfare.bench;

import dev.fanfare.sdk.Fanfare;
import java.util.ArrayList;
import java.util.List;

/**
 * Counts instead of times: round trips to the database, and statements, that our server makes for a
 * batch, a single trigger, and a thousand executed runs. The limits are what the bare works make.
 */
final class TripsWork implements Work {
  private static final int BATCH = 1_000;
  private static final int TIMES = 20;

  @Override
  public String name() {
    return "trips";
  }

  @Override
  public List<Row> measure(Stage stage, BenchOptions options, Progress progress) throws Exception {
    progress.say("trips: counting round trips and statements");
    stage.clear();
    List<Row> rows = new ArrayList<>();
    try (WireCounter counter = WireCounter.start(stage.postgres().port());
        ServerProcess server =
            ServerProcess.start(
                stage.folder().resolve("server"), stage.databaseUrl(counter.port()), List.of());
        WorkerProcess worker = WorkerProcess.start(server.url(), server.key())) {
      Fanfare client = Fanfare.builder().url(server.url()).secretKey(server.key()).build();
      List<Tasks.Item> items = Tasks.items(BATCH);
      WireCounter.Count batch = count(counter, () -> client.batchTrigger(Tasks.NOTHING, items));
      rows.addAll(rows("a batch of 1,000", batch, 1));
      rows.addAll(
          rows(
              "a single trigger",
              count(counter, () -> client.trigger(Tasks.NOTHING, items.getFirst())),
              1));
      worker.work(100);
      Batches.awaitAll(stage.observer());
      WireCounter.Count life =
          count(
              counter,
              () ->
                  Batches.await(
                      stage.observer(), client.batchTrigger(Tasks.NOTHING, items).batchId()));
      rows.addAll(rows("1,000 runs executed", life.since(batch), 20));
      worker.rest();
    }
    return rows;
  }

  private interface Step {
    void run() throws Exception;
  }

  private static WireCounter.Count count(WireCounter counter, Step step) throws Exception {
    step.run(); // the first one finds its task and lane, and prepares its statements
    WireCounter.Count before = counter.count();
    for (int i = 0; i < TIMES; i++) {
      step.run();
    }
    return counter.count().since(before);
  }

  private static List<Row> rows(String what, WireCounter.Count count, int limit) {
    return List.of(
        row(what + ", round trips", count.roundTrips(), limit),
        row(what + ", statements", count.statements(), limit));
  }

  private static Row row(String what, long total, int limit) {
    double each = (double) total / TIMES;
    return new Row("trips", what, "count", each, limit, each / limit);
  }
}

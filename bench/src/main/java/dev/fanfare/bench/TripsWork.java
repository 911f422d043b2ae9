package dev.fanfare.bench;

import dev.fanfare.sdk.Fanfare;
import java.util.ArrayList;
import java.util.List;

/**
 * Counts instead of times: round trips to the database, and statements, that our server makes for a
 * batch, a single trigger, and a thousand executed runs. The limits are what the bare works make.
 *
 * <p>What the server does by itself, its sweeps, is counted first on an idle server, and taken off
 * the rest by the time that passed.
 */
final class TripsWork implements Work {
  private static final int BATCH = 1_000;
  private static final int TIMES = 20;
  private static final int IDLE_MILLIS = 4_000;

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
      Rates idle = Rates.measure(counter);
      rows.addAll(idle.times(1).rows("an idle second", 1));
      Rates batch = count(counter, idle, () -> client.batchTrigger(Tasks.NOTHING, items));
      rows.addAll(batch.rows("a batch of 1,000", 1));
      rows.addAll(
          count(counter, idle, () -> client.trigger(Tasks.NOTHING, items.getFirst()))
              .rows("a single trigger", 1));
      worker.work(100);
      Batches.awaitAll(stage.observer());
      rows.addAll(
          count(
                  counter,
                  idle,
                  () ->
                      Batches.await(
                          stage.observer(), client.batchTrigger(Tasks.NOTHING, items).id()))
              .less(batch)
              .rows("1,000 runs executed", 20));
      worker.rest();
    }
    return rows;
  }

  private interface Step {
    void run() throws Exception;
  }

  private record Rates(double roundTrips, double statements) {
    /** What an idle server does in a second. */
    static Rates measure(WireCounter counter) throws InterruptedException {
      Thread.sleep(IDLE_MILLIS / 2); // its start is over
      WireCounter.Count before = counter.count();
      Thread.sleep(IDLE_MILLIS);
      return of(counter.count().since(before)).times(1_000.0 / IDLE_MILLIS);
    }

    static Rates of(WireCounter.Count count) {
      return new Rates(count.roundTrips(), count.statements());
    }

    Rates times(double factor) {
      return new Rates(roundTrips * factor, statements * factor);
    }

    Rates less(Rates other) {
      return new Rates(roundTrips - other.roundTrips, statements - other.statements);
    }

    List<Row> rows(String what, int limit) {
      return List.of(
          row(what + ", round trips", roundTrips, limit),
          row(what + ", statements", statements, limit));
    }
  }

  /** What a step costs, without what would have been done anyway. */
  private static Rates count(WireCounter counter, Rates idle, Step step) throws Exception {
    step.run(); // the first one finds its task and lane, and prepares its statements
    WireCounter.Count before = counter.count();
    long begun = System.nanoTime();
    for (int i = 0; i < TIMES; i++) {
      step.run();
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    return Rates.of(counter.count().since(before)).less(idle.times(seconds)).times(1.0 / TIMES);
  }

  private static Row row(String what, double each, int limit) {
    return new Row("trips", what, "count", each, limit, each / limit);
  }
}

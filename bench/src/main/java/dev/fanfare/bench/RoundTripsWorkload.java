package dev.fanfare.bench;

import dev.fanfare.sdk.Fanfare;
import dev.fanfare.testkit.WireCounter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Counts, instead of timing: the round trips to the database and the statements that the server
 * needs for a batch, for a single trigger, for a thousand executed runs, and for a thousand runs
 * under load. The baseline is the number that the baseline queue needs.
 *
 * <p>The sweeps of an idle server are counted first, and subtracted from the other counts in
 * proportion to the elapsed time.
 */
final class RoundTripsWorkload implements Workload {
  private static final int BATCH = 1_000;

  @Override
  public String name() {
    return "round-trips";
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    progress.say("round-trips: counting round trips and statements");
    testbed.clear();
    int times = options.size(20, 3);
    List<Row> rows = new ArrayList<>();
    try (WireCounter counter = WireCounter.start(testbed.postgres().port());
        ServerProcess server =
            ServerProcess.start(
                testbed.folder().resolve("server"),
                testbed.databaseUrl(counter.port()),
                List.of(),
                Map.of());
        WorkerProcess worker = WorkerProcess.start(server.url(), server.key(), List.of())) {
      Fanfare client = Fanfare.builder().url(server.url()).secretKey(server.key()).build();
      List<Tasks.Item> items = Tasks.items(BATCH);
      Rates idle = Rates.measure(counter, options.size(4_000, 1_000));
      rows.addAll(idle.times(1).rows("an idle second", 1));
      Rates batch = count(counter, idle, times, () -> client.batchTrigger(Tasks.NOTHING, items));
      rows.addAll(batch.rows("a batch of 1,000", 1));
      rows.addAll(
          count(counter, idle, times, () -> client.trigger(Tasks.NOTHING, items.getFirst()))
              .rows("a single trigger", 1));
      worker.start(100);
      Batches.awaitAll(testbed.observer());
      rows.addAll(
          count(
                  counter,
                  idle,
                  times,
                  () ->
                      Batches.await(
                          testbed.observer(), client.batchTrigger(Tasks.NOTHING, items).id()))
              .less(batch)
              .rows("1,000 runs executed", 20));
      rows.addAll(underLoad(testbed, counter, client, times));
      worker.stop();
    }
    return rows;
  }

  /**
   * What runs need from their trigger to their outcome, if batches are triggered as fast as they
   * are stored. Includes the sweeps of that time, which is short.
   */
  private static List<Row> underLoad(
      Testbed testbed, WireCounter counter, Fanfare client, int times) throws Exception {
    List<Tasks.Item> items = Tasks.items(BATCH);
    counter.takeTransactions();
    WireCounter.Count before = counter.count();
    for (int i = 0; i < times; i++) {
      client.batchTrigger(Tasks.NOTHING, items);
    }
    Batches.awaitAll(testbed.observer());
    Rates rates = Rates.of(counter.count().since(before)).times(1.0 / times);
    double commits = counter.takeTransactions().size() / (double) times;
    String what = "1,000 runs from trigger to outcome";
    List<Row> rows = new ArrayList<>(rates.rows(what, 21));
    rows.add(row(what + ", transactions", commits, 21));
    return rows;
  }

  private interface Step {
    void run() throws Exception;
  }

  private record Rates(double roundTrips, double statements) {
    /** Counts what an idle server does per second. */
    static Rates measure(WireCounter counter, int millis) throws InterruptedException {
      Thread.sleep(millis / 2); // wait until the start is over
      WireCounter.Count before = counter.count();
      Thread.sleep(millis);
      return of(counter.count().since(before)).times(1_000.0 / millis);
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

    List<Row> rows(String what, int baseline) {
      return List.of(
          row(what + ", round trips", roundTrips, baseline),
          row(what + ", statements", statements, baseline));
    }
  }

  /** Counts what a step costs, without the work of an idle server. */
  private static Rates count(WireCounter counter, Rates idle, int times, Step step)
      throws Exception {
    step.run(); // the first run looks up its task and lane, and prepares its statements
    WireCounter.Count before = counter.count();
    long begun = System.nanoTime();
    for (int i = 0; i < times; i++) {
      step.run();
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    return Rates.of(counter.count().since(before)).less(idle.times(seconds)).times(1.0 / times);
  }

  private static Row row(String what, double each, int baseline) {
    return Row.of("round-trips", what, "count", each, baseline);
  }
}

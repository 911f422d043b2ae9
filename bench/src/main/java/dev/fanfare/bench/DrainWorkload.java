package dev.fanfare.bench;

import dev.fanfare.bench.baseline.BaselineQueue;
import dev.fanfare.bench.measure.Callers;
import dev.fanfare.bench.measure.Timings;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The throughput of one worker process on many queued runs of a no-op task, from the worker's start
 * until every run is durably completed. The baseline runs the same cycle in two statements, with
 * claims of 100 over four connections. With the first number of slots, also what storing and
 * executing a run costs; then the memory of the server.
 */
final class DrainWorkload implements Workload {
  private static final int BATCH = 1_000;
  private static final int CALLERS = 16;
  private static final int BASELINE_CLAIM = 100;
  private static final int BASELINE_CONNECTIONS = 4;

  private final List<Integer> slotCounts;

  /** Drains with these numbers of slots, one after the other. */
  DrainWorkload(int... slotCounts) {
    this.slotCounts = Arrays.stream(slotCounts).boxed().toList();
  }

  @Override
  public String name() {
    return "drain";
  }

  @Override
  public boolean withPeers() {
    return true;
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    int runs = options.size(100_000, 2_000);
    progress.say("drain: warming up");
    executeOneByOne(testbed, options.size(20_000, 100));
    measure(testbed, options.size(200_000, 1_000), 100); // all that is executed often is compiled
    List<Row> rows = new ArrayList<>();
    List<Row> costs = new ArrayList<>();
    for (int slots : slotCounts) {
      List<Repeat<Drained>> repeats = new ArrayList<>();
      for (int repeat = 1; repeat <= options.repeats(); repeat++) {
        Repeat<Drained> one = measure(testbed, runs, slots);
        progress.say(
            "drain, %s slots, repeat %s: %s"
                .formatted(slots, repeat, one.text(Drained::perSecond, "%,.0f runs/s")));
        repeats.add(one);
      }
      String what = String.format(Locale.ROOT, "%,d runs, %s slots", runs, slots);
      rows.add(Row.of("drain", what, "runs/s", repeats, Drained::perSecond));
      if (costs.isEmpty()) {
        costs.addAll(Drained.costs(repeats));
      }
    }
    rows.addAll(costs);
    rows.addAll(testbed.server().memory().rows("after drain"));
    return rows;
  }

  /**
   * Makes about as many polls and reports as runs. Later they are of hundreds of runs, so what is
   * executed once for each would remain cold, unlike in a server that works for hours. Peers
   * execute each job by itself.
   */
  private static void executeOneByOne(Testbed testbed, int runs) throws Exception {
    testbed.clear();
    testbed.worker().start(100);
    Callers.run(
        CALLERS, runs, caller -> testbed.client().trigger(Tasks.NOTHING, Tasks.item(caller)));
    testbed.worker().stop();
  }

  private static Repeat<Drained> measure(Testbed testbed, int runs, int slots) throws Exception {
    return Repeat.measure(
        () -> Drained.measure(testbed, runs, () -> ours(testbed, runs, slots)),
        () -> Drained.measure(testbed, runs, () -> baseline(testbed, runs)),
        testbed.peers(),
        peer -> {
          int jobs = peer.jobs(runs);
          return Drained.measure(testbed, jobs, () -> peer.drain(jobs, slots));
        });
  }

  private static double ours(Testbed testbed, int runs, int slots) throws Exception {
    testbed.clear();
    List<Tasks.Item> items = Tasks.items(BATCH);
    Callers.run(4, runs / BATCH, caller -> testbed.client().batchTrigger(Tasks.NOTHING, items));
    long begun = System.nanoTime();
    testbed.worker().start(slots);
    Batches.awaitAll(testbed.observer());
    double perSecond = runs * 1e9 / (System.nanoTime() - begun);
    testbed.worker().stop();
    return perSecond;
  }

  private static double baseline(Testbed testbed, int runs) throws Exception {
    testbed.clear();
    List<String> payloads = Tasks.texts(BATCH);
    BaselineQueue filling = new BaselineQueue(testbed.observer());
    for (int i = 0; i < runs / BATCH; i++) {
      filling.storeReady(payloads);
    }
    List<Connection> connections = new ArrayList<>();
    try {
      for (int c = 0; c < BASELINE_CONNECTIONS; c++) {
        connections.add(testbed.connect());
      }
      Timings timings =
          Callers.run(
              BASELINE_CONNECTIONS,
              BASELINE_CONNECTIONS,
              caller -> new BaselineQueue(connections.get(caller)).drain(BASELINE_CLAIM));
      return timings.perSecond(runs) / BASELINE_CONNECTIONS;
    } finally {
      for (Connection connection : connections) {
        connection.close();
      }
    }
  }
}

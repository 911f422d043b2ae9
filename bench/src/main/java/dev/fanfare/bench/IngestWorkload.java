package dev.fanfare.bench;

import dev.fanfare.bench.baseline.BaselineQueue;
import dev.fanfare.bench.measure.Callers;
import dev.fanfare.bench.measure.Timings;
import dev.fanfare.bench.measure.Watched;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;

/**
 * The throughput of batches of 1,000 over HTTP, with one caller and with eight. The baseline
 * inserts the same rows with one statement per batch into a table with three indexes, with as many
 * callers. A stricter baseline also inserts the ready rows, in the same statement. At the end, the
 * memory of the server.
 */
final class IngestWorkload implements Workload {
  private static final int BATCH = 1_000;

  @Override
  public String name() {
    return "ingest";
  }

  @Override
  public boolean withPeers() {
    return true;
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    int batches = options.size(100, 4);
    progress.say("ingest: warming up");
    int warmUp = options.size(400, 2); // until all that is executed often is compiled
    Repeat.measure(
        () -> ours(testbed, 1, warmUp),
        () -> baseline(testbed, 1, warmUp, false),
        testbed.peers(),
        peer -> peer.ingest(1, warmUp));
    List<Row> rows = new ArrayList<>();
    for (int callers : new int[] {1, 8}) {
      String who = callers == 1 ? "1 caller" : callers + " callers";
      List<Repeat<Timings>> repeats = new ArrayList<>();
      List<Repeat<Timings>> strictRepeats = new ArrayList<>();
      for (int repeat = 1; repeat <= options.repeats(); repeat++) {
        Watched<Timings> strict = Watched.call(() -> baseline(testbed, callers, batches, true));
        Repeat<Timings> one =
            Repeat.measure(
                () -> ours(testbed, callers, batches),
                () -> baseline(testbed, callers, batches, false),
                testbed.peers(),
                peer -> peer.ingest(callers, batches));
        progress.say(
            "ingest, %s, repeat %s: %s"
                .formatted(who, repeat, one.text(IngestWorkload::rate, "%,.0f runs/s")));
        repeats.add(one);
        strictRepeats.add(one.beside(strict));
      }
      rows.add(Row.of("ingest", who, "runs/s", repeats, IngestWorkload::rate));
      rows.add(
          Row.of(
              "ingest",
              who + ", baseline with ready rows",
              "runs/s",
              strictRepeats,
              IngestWorkload::rate));
      rows.add(Row.of("ingest", who + ", batch p50", "ms", repeats, Timings::p50Millis));
      rows.add(Row.of("ingest", who + ", batch p99", "ms", repeats, Timings::p99Millis));
    }
    rows.addAll(testbed.server().memory().rows("after ingest"));
    return rows;
  }

  private static double rate(Timings timings) {
    return timings.perSecond(BATCH);
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

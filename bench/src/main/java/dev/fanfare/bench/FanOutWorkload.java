package dev.fanfare.bench;

import dev.fanfare.bench.baseline.BaselineWorkers;
import dev.fanfare.bench.measure.Callers;
import dev.fanfare.bench.measure.Timings;
import java.util.ArrayList;
import java.util.List;

/**
 * The latency of one batch of 1,000 on an idle system, from the call until every run is durably
 * completed. The baseline stores the runs in one statement; then four waiting connections claim and
 * finish them, 100 at a time.
 */
final class FanOutWorkload implements Workload {
  private static final int BATCH = 1_000;
  private static final int BASELINE_CLAIM = 100;
  private static final int BASELINE_CONNECTIONS = 4;

  @Override
  public String name() {
    return "fanout";
  }

  @Override
  public boolean withPeers() {
    return true;
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    int times = options.size(20, 2);
    progress.say("fanout: warming up");
    measure(testbed, options.size(10, 1));
    List<Repeat<Timings>> repeats = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Repeat<Timings> one = measure(testbed, times);
      progress.say(
          "fanout, repeat %s: p50 %s".formatted(repeat, one.text(Timings::p50Millis, "%,.1f ms")));
      repeats.add(one);
    }
    return List.of(
        Row.of("fanout", "1,000 runs until completed, p50", "ms", repeats, Timings::p50Millis));
  }

  private static Repeat<Timings> measure(Testbed testbed, int times) throws Exception {
    return Repeat.measure(
        () -> ours(testbed, times),
        () -> baseline(testbed, times),
        testbed.peers(),
        peer -> peer.fanOut(times));
  }

  private static Timings ours(Testbed testbed, int times) throws Exception {
    testbed.clear();
    testbed.worker().start(100);
    List<Tasks.Item> items = Tasks.items(BATCH);
    Timings timings =
        Callers.run(
            1,
            times,
            caller ->
                Batches.await(
                    testbed.observer(), testbed.client().batchTrigger(Tasks.NOTHING, items).id()));
    testbed.worker().stop();
    return timings;
  }

  private static Timings baseline(Testbed testbed, int times) throws Exception {
    testbed.clear();
    List<String> payloads = Tasks.texts(BATCH);
    try (BaselineWorkers workers =
        BaselineWorkers.start(testbed::connect, BASELINE_CONNECTIONS, BASELINE_CLAIM)) {
      return Callers.run(1, times, caller -> workers.run(payloads));
    }
  }
}

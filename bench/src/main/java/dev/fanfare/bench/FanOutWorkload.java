package dev.fanfare.bench;

import dev.fanfare.bench.Row.Pair;
import dev.fanfare.bench.baseline.BaselineWorkers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

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
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    int times = options.size(30, 3);
    progress.say("fanout: warming up");
    ours(testbed, times);
    baseline(testbed, times);
    List<Pair> p50s = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Timings baseline = baseline(testbed, times);
      Timings ours = ours(testbed, times);
      progress.say(
          String.format(
              Locale.ROOT,
              "fanout, repeat %s: p50 %.1f ms, baseline %.1f",
              repeat,
              ours.p50Millis(),
              baseline.p50Millis()));
      p50s.add(new Pair(ours.p50Millis(), baseline.p50Millis()));
    }
    return List.of(Row.of("fanout", "1,000 runs until completed, p50", "ms", p50s));
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

package dev.fanfare.bench;

import dev.fanfare.bench.Row.Pair;
import dev.fanfare.bench.bare.BareCrew;
import java.util.ArrayList;
import java.util.List;

/**
 * One batch of 1,000 on an idle system, from the call until every run is durably done. The limit:
 * one statement stores them, then four waiting connections claim and finish 100 at a time.
 */
final class FanOutWork implements Work {
  private static final int BATCH = 1_000;
  private static final int BARE_CLAIM = 100;
  private static final int BARE_CONNECTIONS = 4;

  @Override
  public String name() {
    return "fanout";
  }

  @Override
  public List<Row> measure(Stage stage, BenchOptions options, Progress progress) throws Exception {
    int times = options.size(30, 3);
    progress.say("fanout: warming up");
    ours(stage, times);
    bare(stage, times);
    List<Pair> p50s = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Timings limit = bare(stage, times);
      Timings ours = ours(stage, times);
      progress.say(
          "fanout, repeat %d: p50 %.1f ms, limit %.1f"
              .formatted(repeat, ours.p50Millis(), limit.p50Millis()));
      p50s.add(new Pair(ours.p50Millis(), limit.p50Millis()));
    }
    return List.of(Row.of("fanout", "1,000 until done, p50", "ms", p50s));
  }

  private static Timings ours(Stage stage, int times) throws Exception {
    stage.clear();
    stage.worker().work(100);
    List<Tasks.Item> items = Tasks.items(BATCH);
    Timings timings =
        Callers.run(
            1,
            times,
            caller ->
                Batches.await(
                    stage.observer(), stage.client().batchTrigger(Tasks.NOTHING, items).id()));
    stage.worker().rest();
    return timings;
  }

  private static Timings bare(Stage stage, int times) throws Exception {
    stage.clear();
    List<String> payloads = Tasks.texts(BATCH);
    try (BareCrew crew = BareCrew.start(stage::connect, BARE_CONNECTIONS, BARE_CLAIM)) {
      return Callers.run(1, times, caller -> crew.run(payloads));
    }
  }
}

package dev.fanfare.bench;

import dev.fanfare.bench.Row.Pair;
import dev.fanfare.bench.bare.BareListener;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.RunHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * An idle system, one trigger every 20 ms: from the call of the trigger to the first line of the
 * handler. The limit: a stored row with NOTIFY, and a listener that claims it and commits.
 */
final class LatencyWork implements Work {
  private static final Duration GAP = Duration.ofMillis(20);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public List<Row> measure(Stage stage, BenchOptions options, Progress progress) throws Exception {
    int triggers = options.size(300, 50);
    progress.say("latency: warming up");
    ours(stage, options.size(200, 50));
    bare(stage, options.size(200, 50));
    List<Pair> p50s = new ArrayList<>();
    List<Pair> p99s = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Timings limit = bare(stage, triggers);
      Timings ours = ours(stage, triggers);
      progress.say(
          "latency, repeat %d: p50 %.2f ms, limit %.2f"
              .formatted(repeat, ours.p50Millis(), limit.p50Millis()));
      p50s.add(new Pair(ours.p50Millis(), limit.p50Millis()));
      p99s.add(new Pair(ours.p99Millis(), limit.p99Millis()));
    }
    return List.of(
        Row.of("latency", "trigger to start, p50", "ms", p50s),
        Row.of("latency", "trigger to start, p99", "ms", p99s));
  }

  private static Timings ours(Stage stage, int triggers) throws Exception {
    stage.clear();
    stage.worker().work(100);
    Thread.sleep(500); // the poll is out, and nothing else is going on
    List<RunHandle> runs = new ArrayList<>();
    for (int i = 0; i < triggers; i++) {
      runs.add(stage.client().trigger(Tasks.SINCE, new Tasks.Sent(Tasks.nowMicros())));
      Thread.sleep(GAP);
    }
    long[] nanos = new long[triggers];
    for (int i = 0; i < triggers; i++) {
      Run run = stage.client().runs().await(runs.get(i).id(), PATIENCE);
      nanos[i] = Long.parseLong(String.valueOf(run.output()).trim()) * 1_000;
    }
    stage.worker().rest();
    return new Timings(0, nanos);
  }

  private static Timings bare(Stage stage, int triggers) throws Exception {
    stage.clear();
    try (BareListener listener = BareListener.start(stage.connect(), stage.connect())) {
      long[] nanos = new long[triggers];
      for (int i = 0; i < triggers; i++) {
        nanos[i] = listener.trigger(Tasks.texts(1));
        Thread.sleep(GAP);
      }
      return new Timings(0, nanos);
    }
  }
}

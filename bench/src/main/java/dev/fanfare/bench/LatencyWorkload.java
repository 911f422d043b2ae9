package dev.fanfare.bench;

import dev.fanfare.bench.baseline.BaselineListener;
import dev.fanfare.bench.measure.Timings;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.RunHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The latency from the call of the trigger to the first line of the handler, on an idle system with
 * one trigger every 20 ms. The baseline stores a row with NOTIFY, and a listener claims it and
 * commits.
 */
final class LatencyWorkload implements Workload {
  private static final Duration GAP = Duration.ofMillis(20);
  private static final Duration RUN_TIMEOUT = Duration.ofSeconds(30);

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public boolean withPeers() {
    return true;
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    int triggers = options.size(300, 20);
    progress.say("latency: warming up");
    measure(testbed, options.size(100, 10));
    List<Repeat<Timings>> repeats = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Repeat<Timings> one = measure(testbed, triggers);
      progress.say(
          "latency, repeat %s: p50 %s".formatted(repeat, one.text(Timings::p50Millis, "%,.2f ms")));
      repeats.add(one);
    }
    return List.of(
        Row.of("latency", "trigger to start, p50", "ms", repeats, Timings::p50Millis),
        Row.of("latency", "trigger to start, p99", "ms", repeats, Timings::p99Millis));
  }

  private static Repeat<Timings> measure(Testbed testbed, int triggers) throws Exception {
    return Repeat.measure(
        () -> ours(testbed, triggers),
        () -> baseline(testbed, triggers),
        testbed.peers(),
        peer -> peer.latency(triggers));
  }

  private static Timings ours(Testbed testbed, int triggers) throws Exception {
    testbed.clear();
    testbed.worker().start(100);
    Thread.sleep(500); // wait until the worker polls and the system is idle
    List<RunHandle> runs = new ArrayList<>();
    for (int i = 0; i < triggers; i++) {
      runs.add(testbed.client().trigger(Tasks.SINCE, new Tasks.Sent(Tasks.nowMicros())));
      Thread.sleep(GAP);
    }
    long[] nanos = new long[triggers];
    for (int i = 0; i < triggers; i++) {
      Run run = testbed.client().runs().await(runs.get(i).id(), RUN_TIMEOUT);
      nanos[i] = Long.parseLong(String.valueOf(run.output()).trim()) * 1_000;
    }
    testbed.worker().stop();
    return new Timings(0, nanos);
  }

  private static Timings baseline(Testbed testbed, int triggers) throws Exception {
    testbed.clear();
    try (BaselineListener listener = BaselineListener.start(testbed.connect(), testbed.connect())) {
      long[] nanos = new long[triggers];
      for (int i = 0; i < triggers; i++) {
        nanos[i] = listener.trigger(Tasks.texts(1));
        Thread.sleep(GAP);
      }
      return new Timings(0, nanos);
    }
  }
}

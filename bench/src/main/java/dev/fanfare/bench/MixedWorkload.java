package dev.fanfare.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Whether a server stays as it is: half of its peak in batches, and beside it every other kind of
 * call. The baseline of each result is the first minute.
 */
final class MixedWorkload implements LongWorkload {
  private static final Duration USUAL = Duration.ofMinutes(30);

  @Override
  public String name() {
    return "mixed";
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    double rate = PacedLoad.halfOfPeak(name(), testbed, options, progress);
    testbed.worker().start(20, List.of(Tasks.SINCE)); // the sessions of the load execute the others
    List<Memory> memory = new ArrayList<>();
    List<Row> rows;
    try (PacedLoad load = PacedLoad.start(testbed, rate, 0);
        OtherCalls calls = OtherCalls.start(testbed.client())) {
      TimeUnit.SECONDS.sleep(options.size(20, 1));
      load.take(); // connections and code were cold
      calls.take();
      rows =
          new ArrayList<>(
              new ClaimMinutes(name(), load, testbed, progress)
                  .measure(
                      options.lasting(USUAL),
                      () -> {
                        memory.add(testbed.server().memory());
                        progress.say(text(calls.take(), memory.getLast()));
                      }));
    }
    testbed.worker().stop();
    rows.add(
        Row.of(
            name(),
            "server, live heap at the end",
            "MB",
            memory.getLast().liveHeapMegabytes(),
            memory.getFirst().liveHeapMegabytes()));
    rows.add(
        Row.of(
            name(),
            "server, resident at the end",
            "MB",
            memory.getLast().residentMegabytes(),
            memory.getFirst().residentMegabytes()));
    return rows;
  }

  private static String text(long calls, Memory memory) {
    return String.format(
        Locale.ROOT,
        "  %,d other calls; the server has %.1f MB of live heap and %.0f MB in all",
        calls,
        memory.liveHeapMegabytes(),
        memory.residentMegabytes());
  }
}

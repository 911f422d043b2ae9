package dev.fanfare.bench;

import dev.fanfare.bench.measure.Callers;
import dev.fanfare.bench.measure.Timings;
import dev.fanfare.bench.measure.Watched;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How much slower batches are stored, and claims are, when a million runs wait in the queue. The
 * baseline of the result is Fanfare with few queued runs: those that ingest has just stored.
 */
final class GrowthWorkload implements Workload {
  private static final int BATCH = 1_000;
  private static final int CLAIM = 100;
  private static final int FILLING_CALLERS = 8;

  @Override
  public String name() {
    return "growth";
  }

  /** What is measured once with few and once with many queued runs. */
  private record Speed(Timings ingest, Timings claims) {}

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    int queued = options.size(1_000_000, 5_000);
    int batches = options.size(100, 2);
    testbed.clear();
    progress.say("growth: warming up");
    speed(testbed, options.size(30, 2));
    List<Watched<Speed>> few = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      testbed.clear();
      few.add(Watched.call(() -> speed(testbed, batches)));
    }
    progress.say(String.format(Locale.ROOT, "growth: queueing %,d runs", queued));
    ingest(testbed, FILLING_CALLERS, queued / BATCH);
    List<Repeat<Speed>> repeats = new ArrayList<>();
    for (Watched<Speed> one : few) {
      testbed.settle(); // the other queue has no writes pending either
      repeats.add(Repeat.of(Watched.call(() -> speed(testbed, batches)), one));
    }
    testbed.clear();
    String with = String.format(Locale.ROOT, "%,d queued: ", queued);
    return List.of(
        Row.of("growth", with + "ingest", "runs/s", repeats, s -> s.ingest().perSecond(BATCH)),
        Row.of("growth", with + "batch p50", "ms", repeats, s -> s.ingest().p50Millis()),
        Row.of("growth", with + "claim of 100, p50", "ms", repeats, s -> s.claims().p50Millis()),
        Row.of("growth", with + "claim of 100, p99", "ms", repeats, s -> s.claims().p99Millis()));
  }

  /** The claims take half of what was just stored: a poll that finds nothing would wait. */
  private static Speed speed(Testbed testbed, int batches) throws Exception {
    int claims = batches * BATCH / CLAIM / 2;
    Timings ingest = ingest(testbed, 1, batches);
    List<Long> nanos = new ArrayList<>();
    try (RawSession session =
        RawSession.open(
            new HttpCalls(testbed.server()), CLAIM, List.of(Tasks.NOTHING.id()), null)) {
      for (int i = 0; i < claims; i++) {
        RawSession.Polled polled = session.poll();
        if (polled.runs().isEmpty()) {
          throw new IllegalStateException("A poll found nothing in a long queue");
        }
        nanos.add(polled.nanos());
        session.succeed(polled.runs());
      }
    }
    return new Speed(ingest, Timings.of(nanos));
  }

  private static Timings ingest(Testbed testbed, int callers, int batches) throws Exception {
    List<Tasks.Item> items = Tasks.items(BATCH);
    return Callers.run(
        callers, batches, caller -> testbed.client().batchTrigger(Tasks.NOTHING, items));
  }
}

package dev.fanfare.bench;

import dev.fanfare.bench.measure.Timings;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The durations of claims under a paced load, minute by minute, compared with the first minute. */
final class ClaimMinutes {
  private static final int LAST_MINUTES = 5;

  private final String workload;
  private final PacedLoad load;
  private final Testbed testbed;
  private final Progress progress;

  ClaimMinutes(String workload, PacedLoad load, Testbed testbed, Progress progress) {
    this.workload = workload;
    this.load = load;
    this.testbed = testbed;
    this.progress = progress;
  }

  /** Something to do after each minute. */
  interface Minute {
    void end() throws Exception;
  }

  /** Measures minute by minute, or all at once if it takes less than a minute. */
  List<Row> measure(Duration lasting, Minute each) throws Exception {
    int minutes = Math.toIntExact(Math.max(1, lasting.toMinutes()));
    long minuteNanos = lasting.dividedBy(minutes).toNanos();
    Timings first = null;
    Timings worst = null;
    Deque<List<Long>> last = new ArrayDeque<>();
    long nextNanos = System.nanoTime();
    for (int minute = 1; minute <= minutes; minute++) {
      nextNanos += minuteNanos;
      TimeUnit.NANOSECONDS.sleep(nextNanos - System.nanoTime());
      PacedLoad.Part part = load.take();
      if (part.polls().isEmpty()) {
        throw new IllegalStateException("No poll returned runs in minute " + minute);
      }
      Timings timings = Timings.of(part.polls());
      progress.say(text(minute, part, timings));
      progress.say("  " + TableSizes.text(testbed.observer()));
      each.end();
      first = first == null ? timings : first;
      worst = worst == null || timings.p99Millis() > worst.p99Millis() ? timings : worst;
      last.addLast(part.polls());
      if (last.size() > Math.clamp(minutes - 1, 1, LAST_MINUTES)) {
        last.removeFirst();
      }
    }
    if (first == null || worst == null) {
      return List.of();
    }
    List<Long> end = new ArrayList<>();
    last.forEach(end::addAll);
    String lastMinutes = "last " + last.size() + " minutes";
    return List.of(
        row("claim p50, " + lastMinutes, Timings.of(end).p50Millis(), first.p50Millis()),
        row("claim p99, " + lastMinutes, Timings.of(end).p99Millis(), first.p99Millis()),
        row("claim p99, worst minute", worst.p99Millis(), first.p99Millis()));
  }

  private Row row(String what, double ours, double first) {
    return Row.of(workload, what, "ms", ours, first);
  }

  private String text(int minute, PacedLoad.Part part, Timings timings) {
    return String.format(
        Locale.ROOT,
        "%s, minute %s: %,d runs in %,d polls, p50 %.1f, p95 %.1f, p99 %.1f, max %.1f ms;"
            + " backlog %,d, %s empty and %s missed polls",
        workload,
        minute,
        part.claimed(),
        part.polls().size(),
        timings.p50Millis(),
        timings.p95Millis(),
        timings.p99Millis(),
        timings.maxMillis(),
        part.backlog(),
        part.empty(),
        part.missed());
  }
}

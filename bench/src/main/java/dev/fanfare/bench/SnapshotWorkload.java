package dev.fanfare.bench;

import dev.fanfare.bench.measure.Timings;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How claims slow down while another session holds a snapshot, as a long report or a dump does:
 * PostgreSQL then cannot remove dead rows. The system works at half of its peak meanwhile. The
 * duration of a claim is that of the poll. The baseline of the result is the first minute.
 */
final class SnapshotWorkload implements LongWorkload {
  private static final int LAST_MINUTES = 5;

  @Override
  public String name() {
    return "snapshot";
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    progress.say("snapshot: warming up");
    Throughput.measure(testbed, options.size(30, 2));
    Throughput peak = Throughput.measure(testbed, options.size(30, 3));
    double rate = Math.min(peak.ingest(), peak.drain()) / 2;
    progress.say(
        String.format(
            Locale.ROOT,
            "snapshot: peak %,.0f runs/s ingest, %,.0f drain; %,.0f runs/s from now on",
            peak.ingest(),
            peak.drain(),
            rate));
    testbed.clear();
    try (PacedLoad load = PacedLoad.start(testbed, rate, options.queueLimit());
        Connection holder = testbed.connect()) {
      TimeUnit.SECONDS.sleep(options.size(20, 1));
      load.take(); // connections and code were cold
      progress.say("snapshot: " + TableSizes.text(testbed.observer()));
      hold(holder);
      List<Row> rows = minutes(load, testbed, options.snapshot(), progress);
      progress.say(
          "snapshot: it held back the removal of what %s transactions left".formatted(age(holder)));
      return rows;
    }
  }

  /** Takes a snapshot, which lasts until the connection is closed. */
  private static void hold(Connection holder) throws SQLException {
    try (Statement statement = holder.createStatement()) {
      statement.execute("set idle_in_transaction_session_timeout = 0");
      statement.execute("set transaction_timeout = 0");
      holder.setAutoCommit(false);
      holder.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      statement.execute("select 1");
    }
  }

  private static long age(Connection holder) throws SQLException {
    try (Statement statement = holder.createStatement();
        ResultSet result =
            statement.executeQuery(
                "select age(backend_xmin) from pg_stat_activity where pid = pg_backend_pid()")) {
      result.next();
      return result.getLong(1);
    }
  }

  /** Measures minute by minute, or all at once if it takes less than a minute. */
  private static List<Row> minutes(
      PacedLoad load, Testbed testbed, Duration held, Progress progress) throws Exception {
    int minutes = Math.toIntExact(Math.max(1, held.toMinutes()));
    long minuteNanos = held.dividedBy(minutes).toNanos();
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
    String lasting = "last " + last.size() + " minutes";
    return List.of(
        row("claim p50, " + lasting, Timings.of(end).p50Millis(), first.p50Millis()),
        row("claim p99, " + lasting, Timings.of(end).p99Millis(), first.p99Millis()),
        row("claim p99, worst minute", worst.p99Millis(), first.p99Millis()));
  }

  private static Row row(String what, double ours, double first) {
    return Row.of("snapshot", what, "ms", ours, first);
  }

  private static String text(int minute, PacedLoad.Part part, Timings timings) {
    return String.format(
        Locale.ROOT,
        "snapshot, minute %s: %,d runs in %,d polls, p50 %.1f, p95 %.1f, p99 %.1f, max %.1f ms;"
            + " backlog %,d, %s empty and %s missed polls",
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

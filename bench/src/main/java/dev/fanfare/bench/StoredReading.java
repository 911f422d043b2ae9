package dev.fanfare.bench;

import dev.fanfare.bench.measure.Timings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Measures the requests that read stored runs, one after the other. */
final class StoredReading {
  /** What users notice as slow: the baseline of the results. */
  private static final double LIMIT_MILLIS = 200;

  private final HttpCalls calls;
  private final Progress progress;
  private final int warmUps;
  private final int requests;
  private final int pages;
  private final List<Row> rows = new ArrayList<>();

  StoredReading(HttpCalls calls, Progress progress, BenchOptions options) {
    this.calls = calls;
    this.progress = progress;
    this.warmUps = options.size(3, 0);
    this.requests = options.size(40, 1);
    this.pages = options.size(20, 2);
  }

  /** The durations of the requests of one kind, and how they ended. */
  private static final class Tally {
    private final List<Long> nanos = new ArrayList<>();
    private int refused;
    private long entries;

    private void add(HttpCalls.Answer answer) {
      nanos.add(answer.nanos());
      if (answer.status() == 200) {
        entries += answer.json().path("data").size();
      } else {
        refused++;
      }
    }
  }

  List<Row> measure(List<StoredReads.Read> reads) throws Exception {
    for (StoredReads.Read read : reads) {
      for (int i = 0; i < warmUps; i++) {
        calls.get(read.path().next());
      }
    }
    for (StoredReads.Read read : reads) {
      Tally tally = new Tally();
      for (int i = 0; i < requests; i++) {
        tally.add(calls.get(read.path().next()));
      }
      report(read.name(), tally);
      if (read.isPaged()) {
        turnPages(read);
      }
    }
    return List.copyOf(rows);
  }

  /** Reads pages far into a list, and back again. */
  private void turnPages(StoredReads.Read read) throws Exception {
    Tally older = new Tally();
    Tally newer = new Tally();
    while (older.nanos.size() < requests) {
      String list = read.path().next();
      String last = turnPages(list, calls.get(list), "after", "next", older);
      turnPages(list, calls.get(last), "before", "previous", newer);
      if (older.nanos.isEmpty()) {
        return; // the list has only one page
      }
    }
    report("%s, %s pages on".formatted(read.name(), pages), older);
    report("%s, %s pages back".formatted(read.name(), pages), newer);
  }

  /** Follows the cursors of a list, and returns the path of the last page. */
  private String turnPages(
      String list, HttpCalls.Answer first, String side, String cursor, Tally tally)
      throws Exception {
    HttpCalls.Answer answer = first;
    String path = list;
    for (int page = 0; page < pages; page++) {
      String next = answer.json().path("pagination").path(cursor).asString("");
      if (next.isEmpty()) {
        break;
      }
      path = StoredReads.page(list, side, next);
      answer = calls.get(path);
      tally.add(answer);
    }
    return path;
  }

  private void report(String name, Tally tally) {
    if (tally.nanos.isEmpty()) {
      return;
    }
    Timings timings = Timings.of(tally.nanos);
    progress.say(
        String.format(
            Locale.ROOT,
            "  %-42s p50 %,7.1f  p95 %,7.1f  max %,7.1f ms  %5.1f entries%s",
            name,
            timings.p50Millis(),
            timings.p95Millis(),
            timings.maxMillis(),
            (double) tally.entries / tally.nanos.size(),
            tally.refused == 0 ? "" : "  " + tally.refused + " refused"));
    rows.add(Row.of("stored", name + ", p95", "ms", timings.p95Millis(), LIMIT_MILLIS));
  }
}

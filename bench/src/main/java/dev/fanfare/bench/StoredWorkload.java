package dev.fanfare.bench;

import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * What many stored runs cost: how long reading them takes, how much slower ingest and drain are
 * than on empty tables, and what users notice when partitions are dropped.
 */
final class StoredWorkload implements LongWorkload {
  private static final int HELD = 200;

  @Override
  public String name() {
    return "stored";
  }

  @Override
  public Map<String, String> settings() {
    return Map.of("FANFARE_PARTITION_SPAN", "1d", "FANFARE_RETENTION", "30d");
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    progress.say("stored: warming up");
    Throughput.measure(testbed, options.size(30, 1));
    List<Throughput> empty = throughput(testbed, options, progress, "empty tables");
    testbed.clear();

    StoredDays days = StoredDays.of(testbed.observer(), options.size(30, 6));
    Instant now = Instant.now();
    try (Connection connection = testbed.connect()) {
      load(connection, days, now, options.stored(), progress);
    }

    long seed = options.seed() == null ? new Random().nextLong() : options.seed();
    progress.say("stored: seed " + seed);
    StoredValues values = new StoredValues(testbed.observer(), new Random(seed), days, now);
    HttpCalls calls = new HttpCalls(testbed.server());
    List<Row> rows = new ArrayList<>();
    try (HeldRuns held = HeldRuns.claim(calls, StoredTasks.slugs(), HELD)) {
      progress.say("stored: reading, while %s runs are executed".formatted(held.count()));
      rows.addAll(new StoredReading(calls, progress, options).measure(StoredReads.all(values)));
    }

    List<Throughput> full = throughput(testbed, options, progress, "everything stored");
    rows.addAll(compare(full, empty));
    progress.say("stored: waiting for the drop of the oldest partitions");
    List<Row> drop = new StoredDrop(testbed, progress, days, values).measure(options);
    if (drop.isEmpty()) {
      progress.say("stored: nothing was dropped in the time that was watched");
    }
    rows.addAll(drop);
    return rows;
  }

  private static List<Throughput> throughput(
      Testbed testbed, BenchOptions options, Progress progress, String when) throws Exception {
    List<Throughput> repeats = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Throughput one = Throughput.measure(testbed, options.size(100, 2));
      progress.say(
          String.format(
              Locale.ROOT,
              "stored: %s, repeat %s: ingest %,.0f runs/s, drain %,.0f",
              when,
              repeat,
              one.ingest(),
              one.drain()));
      repeats.add(one);
    }
    return repeats;
  }

  private static List<Row> compare(List<Throughput> full, List<Throughput> empty) {
    List<Repeat<Double>> ingest = new ArrayList<>();
    List<Repeat<Double>> p50 = new ArrayList<>();
    List<Repeat<Double>> drain = new ArrayList<>();
    for (int i = 0; i < full.size(); i++) {
      ingest.add(Repeat.of(full.get(i).ingest(), empty.get(i).ingest()));
      p50.add(Repeat.of(full.get(i).batchP50Millis(), empty.get(i).batchP50Millis()));
      drain.add(Repeat.of(full.get(i).drain(), empty.get(i).drain()));
    }
    return List.of(
        Row.of("stored", "ingest, 1 caller", "runs/s", ingest),
        Row.of("stored", "ingest, 1 caller, batch p50", "ms", p50),
        Row.of("stored", "drain, 100 slots", "runs/s", drain));
  }

  /**
   * A tenth of the runs is of the oldest day. Of the queued ones, a third is as old as the others.
   */
  private static void load(
      Connection connection, StoredDays days, Instant now, int stored, Progress progress)
      throws Exception {
    int batches = Math.max(2 * days.count(), stored / StoredRuns.BATCH);
    int queued = Math.clamp(batches / 10, 6, 100);
    int delayed = Math.clamp(batches / 100, 1, 3);
    days.split(connection);
    StoredTasks.create(connection);
    StoredRuns runs =
        new StoredRuns(
            connection,
            days,
            now,
            (long) (batches + queued + delayed) * StoredRuns.BATCH,
            progress);
    int oldest = batches / 10;
    int left = batches - oldest;
    runs.load(0, oldest, StoredRuns.State.FINAL);
    for (int day = 1; day < days.count(); day++) {
      int count = left / (days.count() - day);
      runs.load(day, count, StoredRuns.State.FINAL);
      left -= count;
    }
    for (int i = 0; i < queued / 3; i++) {
      runs.load(i * days.count() / (queued / 3), 1, StoredRuns.State.QUEUED);
    }
    runs.loadNew(queued - queued / 3, StoredRuns.State.QUEUED);
    runs.loadNew(delayed, StoredRuns.State.DELAYED);
    runs.settle();
  }
}

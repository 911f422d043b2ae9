package dev.fanfare.bench;

import dev.fanfare.bench.measure.Timings;
import dev.fanfare.sdk.Fanfare;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What users notice while the oldest partitions are dropped, one table after the other: the longest
 * calls in that time, beside those of the time before. The server is started again with a retention
 * after which the partitions are due when everything is warm.
 */
final class StoredDrop {
  private static final Duration GIVE_UP = Duration.ofMinutes(30);
  private static final double CALLS_PER_SECOND = 30;
  private static final int WATCH_MILLIS = 5;

  /** A drop of a table should take no longer. */
  private static final double LIMIT_MILLIS = 1_000;

  /** What a drop causes, such as new plans, goes on after it. */
  private static final long AFTERMATH_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  private static final String OLDEST =
      """
      select c.relname as name,
             exists (select
                       from pg_locks l
                      where l.relation = c.oid
                        and l.mode = 'ShareRowExclusiveLock'
                        and l.granted) as locked
        from pg_class c
       where c.relnamespace = 'fanfare'::regnamespace
         and c.relkind = 'r'
         and c.relname like '%\\_first'
      """;

  /** One call of a user; times are those of {@link System#nanoTime}. */
  private record Call(String kind, long begun, long ended) {}

  private interface Step {
    void run() throws Exception;
  }

  private final Testbed testbed;
  private final Progress progress;
  private final StoredDays days;
  private final StoredValues values;
  private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
  private final AtomicInteger failed = new AtomicInteger();
  private volatile boolean stopping;

  StoredDrop(Testbed testbed, Progress progress, StoredDays days, StoredValues values) {
    this.testbed = testbed;
    this.progress = progress;
    this.days = days;
    this.values = values;
  }

  /**
   * Waits for the drops, while four callers and a worker are at work. In a short run, the
   * partitions are due as soon as the server starts, and one drop is enough: the server pauses
   * between them.
   */
  List<Row> measure(BenchOptions options) throws Exception {
    Duration warmUp = Duration.ofSeconds(options.size(180, 0));
    List<String> runs = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      runs.add(values.run());
    }
    Map<String, Boolean> tables = oldest();
    Duration age = Duration.between(days.start(1), Instant.now());
    Duration retention = age.minusDays(1).plus(warmUp);
    testbed.restart(
        Map.of("FANFARE_PARTITION_SPAN", "1d", "FANFARE_RETENTION", retention.toMillis() + "ms"));
    testbed.worker().start(100);
    Fanfare client = testbed.client();
    HttpCalls http = new HttpCalls(testbed.server());
    List<Tasks.Item> items = Tasks.items(100);
    long warm = System.nanoTime() + warmUp.toNanos() / 2;
    List<Drop> drops;
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> callers = new ArrayList<>();
      callers.add(
          threads.submit(
              () -> repeat("trigger", () -> client.trigger(Tasks.NOTHING, items.getFirst()))));
      callers.add(
          threads.submit(
              () -> repeat("batch of 100", () -> client.batchTrigger(Tasks.NOTHING, items))));
      callers.add(
          threads.submit(() -> repeat("get", () -> get(http, "/api/v3/runs/" + values.one(runs)))));
      callers.add(threads.submit(() -> repeat("list", () -> get(http, "/api/v1/runs"))));
      try {
        drops = watch(tables.keySet(), options.size(Integer.MAX_VALUE, 1));
        TimeUnit.SECONDS.sleep(1); // for calls that have waited
      } finally {
        stopping = true;
      }
      for (Future<?> caller : callers) {
        caller.get();
      }
    }
    testbed.worker().stop();
    return rows(warm, drops);
  }

  private Void repeat(String kind, Step step) throws Exception {
    Pace pace = new Pace(CALLS_PER_SECOND);
    while (!stopping) {
      pace.await();
      long begun = System.nanoTime();
      step.run();
      calls.add(new Call(kind, begun, System.nanoTime()));
    }
    return null;
  }

  private void get(HttpCalls http, String path) throws IOException, InterruptedException {
    if (http.get(path).status() >= 500) {
      failed.incrementAndGet();
    }
  }

  /** The time of the drop of one table, from its first lock until its files are gone. */
  private record Drop(long begun, long ended) {
    double millis() {
      return (ended - begun) / 1e6;
    }

    boolean concerns(Call call) {
      return call.ended() > begun && call.begun() < ended + AFTERMATH_NANOS;
    }
  }

  /** Waits until these tables are dropped, or as many of them as are wanted. */
  private List<Drop> watch(Set<String> tables, int wanted)
      throws SQLException, InterruptedException {
    List<Drop> drops = new ArrayList<>();
    long giveUp = System.nanoTime() + GIVE_UP.toNanos();
    Map<String, Long> begun = new LinkedHashMap<>(); // 0: not yet
    tables.forEach(table -> begun.put(table, 0L));
    do {
      long now = System.nanoTime();
      Map<String, Boolean> present = oldest();
      for (Map.Entry<String, Long> each : List.copyOf(begun.entrySet())) {
        Boolean locked = present.get(each.getKey());
        if (locked == null) {
          drops.add(dropped(each.getKey(), each.getValue()));
          begun.remove(each.getKey());
        } else if (locked && each.getValue() == 0) {
          begun.put(each.getKey(), now);
        }
      }
      TimeUnit.MILLISECONDS.sleep(WATCH_MILLIS);
    } while (!begun.isEmpty() && drops.size() < wanted && System.nanoTime() < giveUp);
    return drops;
  }

  /**
   * The tables of the oldest partitions that are still there, and whether a drop has locked them.
   */
  private Map<String, Boolean> oldest() throws SQLException {
    Map<String, Boolean> locked = new LinkedHashMap<>();
    try (Statement statement = testbed.observer().createStatement();
        ResultSet result = statement.executeQuery(OLDEST)) {
      while (result.next()) {
        locked.put(result.getString("name"), result.getBoolean("locked"));
      }
    }
    return locked;
  }

  private Drop dropped(String name, long begun) {
    long now = System.nanoTime();
    Drop drop = new Drop(begun == 0 ? now : begun, now);
    progress.say(String.format(Locale.ROOT, "stored: dropped %s in %,.0f ms", name, drop.millis()));
    return drop;
  }

  private List<Row> rows(long warm, List<Drop> drops) {
    progress.say("stored: %s calls got a status of 500 or more".formatted(failed.get()));
    if (drops.isEmpty()) {
      return List.of();
    }
    List<Row> rows = new ArrayList<>();
    double longest = drops.stream().mapToDouble(Drop::millis).max().orElse(0);
    rows.add(Row.of("stored", "drop of a table", "ms", longest, LIMIT_MILLIS));
    long first = drops.stream().mapToLong(Drop::begun).min().orElse(Long.MAX_VALUE);
    for (String kind : List.of("trigger", "batch of 100", "get", "list")) {
      List<Long> before = new ArrayList<>();
      List<Long> during = new ArrayList<>();
      for (Call call : calls) {
        if (call.kind().equals(kind) && call.begun() >= warm) {
          if (call.ended() < first) {
            before.add(call.ended() - call.begun());
          } else if (drops.stream().anyMatch(drop -> drop.concerns(call))) {
            during.add(call.ended() - call.begun());
          }
        }
      }
      if (!before.isEmpty() && !during.isEmpty()) {
        double ours = Timings.of(during).maxMillis();
        double usual = Timings.of(before).maxMillis();
        rows.add(Row.of("stored", "drop: longest " + kind, "ms", ours, usual));
      }
    }
    return rows;
  }
}

package dev.fanfare.bench;

import dev.fanfare.sdk.Fanfare;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What users notice while the oldest partition is dropped: the longest calls in that time, beside
 * those of the time before. The server is started again with a retention after which the partition
 * is due when everything is warm.
 */
final class StoredDrop {
  private static final Duration GIVE_UP = Duration.ofMinutes(30);
  private static final double CALLS_PER_SECOND = 30;
  private static final int WATCH_MILLIS = 5;

  private static final String WATCH =
      """
      select exists (select
                       from pg_locks
                      where relation = to_regclass('%1$s')
                        and mode = 'ShareRowExclusiveLock'
                        and granted) as locked,
             not coalesce((select relispartition
                             from pg_class
                            where oid = to_regclass('%1$s')), false) as detached,
             not exists (select
                           from pg_class
                          where relnamespace = 'fanfare'::regnamespace
                            and relname like '%%\\_first'
                            and relkind = 'r') as dropped
      """
          .formatted(StoredDays.oldestRuns());

  /** One call of a user; times are those of {@link System#nanoTime}. */
  private record Call(String kind, long begun, long ended) {}

  private interface Step {
    void run() throws Exception;
  }

  private final Testbed testbed;
  private final Progress progress;
  private final StoredDays days;
  private final StoredValues values;
  private final Duration warmUp;
  private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
  private final AtomicInteger failed = new AtomicInteger();
  private volatile boolean stopping;

  StoredDrop(
      Testbed testbed, Progress progress, StoredDays days, StoredValues values, Duration warmUp) {
    this.testbed = testbed;
    this.progress = progress;
    this.days = days;
    this.values = values;
    this.warmUp = warmUp;
  }

  /** Waits for the drop, while four callers and a worker are at work. */
  List<Row> measure() throws Exception {
    List<String> runs = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      runs.add(values.run());
    }
    Duration age = Duration.between(days.start(1), Instant.now());
    Duration retention = age.minusDays(1).plus(warmUp);
    testbed.restart(
        Map.of("FANFARE_PARTITION_SPAN", "1d", "FANFARE_RETENTION", retention.toMillis() + "ms"));
    testbed.worker().start(100);
    Fanfare client = testbed.client();
    HttpCalls http = new HttpCalls(testbed.server());
    List<Tasks.Item> items = Tasks.items(100);
    long warm = System.nanoTime() + warmUp.toNanos() / 2;
    Drop drop;
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
        drop = watch();
        TimeUnit.SECONDS.sleep(1); // for calls that have waited
      } finally {
        stopping = true;
      }
      for (Future<?> caller : callers) {
        caller.get();
      }
    }
    testbed.worker().stop();
    return drop == null ? List.of() : rows(warm, drop);
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

  /** The time of the drop, from the first lock to the last table. */
  private record Drop(long begun, long ended) {}

  /** Waits for the drop; absent: it began too early or not at all, and there is nothing to tell. */
  private @Nullable Drop watch() throws SQLException, InterruptedException {
    Connection connection = testbed.observer();
    long giveUp = System.nanoTime() + GIVE_UP.toNanos();
    long begun = 0;
    long detached = 0;
    try (Statement statement = connection.createStatement()) {
      while (System.nanoTime() < giveUp) {
        try (ResultSet result = statement.executeQuery(WATCH)) {
          result.next();
          long now = System.nanoTime();
          boolean isDetached = result.getBoolean("detached");
          begun = begun == 0 && (result.getBoolean("locked") || isDetached) ? now : begun;
          detached = detached == 0 && isDetached ? now : detached;
          if (result.getBoolean("dropped")) {
            return begun < now ? drop(begun, detached, now) : null;
          }
        }
        TimeUnit.MILLISECONDS.sleep(WATCH_MILLIS);
      }
    }
    return null;
  }

  private Drop drop(long begun, long detached, long ended) {
    progress.say(
        String.format(
            Locale.ROOT,
            "stored: dropped the oldest partitions in %,.0f ms; that of the runs was gone after"
                + " %,.0f ms; %s calls got a status of 500 or more",
            (ended - begun) / 1e6,
            (detached - begun) / 1e6,
            failed.get()));
    return new Drop(begun, ended);
  }

  private List<Row> rows(long warm, Drop drop) {
    List<Row> rows = new ArrayList<>();
    for (String kind : List.of("trigger", "batch of 100", "get", "list")) {
      List<Long> before = new ArrayList<>();
      List<Long> during = new ArrayList<>();
      for (Call call : calls) {
        if (call.kind().equals(kind) && call.begun() >= warm) {
          if (call.ended() < drop.begun()) {
            before.add(call.ended() - call.begun());
          } else if (call.begun() < drop.ended()) {
            during.add(call.ended() - call.begun());
          }
        }
      }
      if (!before.isEmpty() && !during.isEmpty()) {
        double ours = Timings.of(during).maxMillis();
        double usual = Timings.of(before).maxMillis();
        rows.add(new Row("stored", "drop: longest " + kind, "ms", ours, usual, ours / usual));
      }
    }
    return rows;
  }
}

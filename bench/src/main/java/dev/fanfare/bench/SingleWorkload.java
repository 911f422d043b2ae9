package dev.fanfare.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.fanfare.bench.Row.Pair;
import dev.fanfare.bench.baseline.BaselineQueue;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Single triggers by 64 callers, one request per run. The baseline inserts the same rows with one
 * commit per run, by 64 callers over a connection pool as large as the server's.
 */
final class SingleWorkload implements Workload {
  private static final int CALLERS = 64;
  private static final int POOL = 16; // the server's default

  @Override
  public String name() {
    return "single";
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    int triggers = options.size(10_000, 640);
    progress.say("single: warming up");
    ours(testbed, triggers);
    baseline(testbed, triggers);
    List<Pair> rates = new ArrayList<>();
    List<Pair> p50s = new ArrayList<>();
    List<Pair> p99s = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Timings baseline = baseline(testbed, triggers);
      Timings ours = ours(testbed, triggers);
      progress.say(
          String.format(
              Locale.ROOT,
              "single, repeat %s: %,.0f runs/s, baseline %,.0f",
              repeat,
              ours.perSecond(1),
              baseline.perSecond(1)));
      rates.add(new Pair(ours.perSecond(1), baseline.perSecond(1)));
      p50s.add(new Pair(ours.p50Millis(), baseline.p50Millis()));
      p99s.add(new Pair(ours.p99Millis(), baseline.p99Millis()));
    }
    return List.of(
        Row.of("single", "64 callers", "runs/s", rates),
        Row.of("single", "64 callers, call p50", "ms", p50s),
        Row.of("single", "64 callers, call p99", "ms", p99s));
  }

  private static Timings ours(Testbed testbed, int triggers) throws Exception {
    testbed.clear();
    Tasks.Item item = Tasks.items(1).getFirst();
    return Callers.run(CALLERS, triggers, caller -> testbed.client().trigger(Tasks.NOTHING, item));
  }

  private static Timings baseline(Testbed testbed, int triggers) throws Exception {
    testbed.clear();
    List<String> payload = Tasks.texts(1);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(testbed.postgres().jdbcUrl());
    config.setUsername(testbed.postgres().user());
    config.setPassword(testbed.postgres().password());
    config.setMaximumPoolSize(POOL);
    config.setMinimumIdle(POOL);
    config.addDataSourceProperty("prepareThreshold", "1");
    try (HikariDataSource pool = new HikariDataSource(config)) {
      return Callers.run(
          CALLERS,
          triggers,
          caller -> {
            try (Connection connection = pool.getConnection()) {
              new BaselineQueue(connection).storeReady(payload);
            }
          });
    }
  }
}

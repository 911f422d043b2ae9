package dev.fanfare.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.fanfare.bench.baseline.BaselineQueue;
import dev.fanfare.bench.measure.Callers;
import dev.fanfare.bench.measure.Timings;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;

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
    int triggers = options.size(10_000, 256);
    progress.say("single: warming up");
    ours(testbed, triggers);
    baseline(testbed, triggers);
    List<Repeat<Timings>> repeats = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Repeat<Timings> one =
          Repeat.measure(() -> ours(testbed, triggers), () -> baseline(testbed, triggers));
      progress.say(
          "single, repeat %s: %s".formatted(repeat, one.text(t -> t.perSecond(1), "%,.0f runs/s")));
      repeats.add(one);
    }
    return List.of(
        Row.of("single", "64 callers", "runs/s", repeats, t -> t.perSecond(1)),
        Row.of("single", "64 callers, call p50", "ms", repeats, Timings::p50Millis),
        Row.of("single", "64 callers, call p99", "ms", repeats, Timings::p99Millis));
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
    config.setJdbcUrl(testbed.jdbcUrl());
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

package dev.fanfare.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.fanfare.bench.Row.Pair;
import dev.fanfare.bench.bare.BareQueue;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;

/**
 * Single triggers by 64 callers, each a request of its own. The limit: the same rows with one
 * commit each by 64 callers, over a pool as large as the server's.
 */
final class SingleWork implements Work {
  private static final int CALLERS = 64;
  private static final int POOL = 16; // the server's default

  @Override
  public String name() {
    return "single";
  }

  @Override
  public List<Row> measure(Stage stage, BenchOptions options, Progress progress) throws Exception {
    int triggers = options.size(10_000, 640);
    progress.say("single: warming up");
    ours(stage, triggers);
    bare(stage, triggers);
    List<Pair> rates = new ArrayList<>();
    List<Pair> p50s = new ArrayList<>();
    List<Pair> p99s = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Timings limit = bare(stage, triggers);
      Timings ours = ours(stage, triggers);
      progress.say(
          "single, repeat %d: %,.0f runs/s, limit %,.0f"
              .formatted(repeat, ours.perSecond(1), limit.perSecond(1)));
      rates.add(new Pair(ours.perSecond(1), limit.perSecond(1)));
      p50s.add(new Pair(ours.p50Millis(), limit.p50Millis()));
      p99s.add(new Pair(ours.p99Millis(), limit.p99Millis()));
    }
    return List.of(
        Row.of("single", "64 callers", "runs/s", rates),
        Row.of("single", "64 callers, call p50", "ms", p50s),
        Row.of("single", "64 callers, call p99", "ms", p99s));
  }

  private static Timings ours(Stage stage, int triggers) throws Exception {
    stage.clear();
    Tasks.Item item = Tasks.items(1).getFirst();
    return Callers.run(CALLERS, triggers, caller -> stage.client().trigger(Tasks.NOTHING, item));
  }

  private static Timings bare(Stage stage, int triggers) throws Exception {
    stage.clear();
    List<String> payload = Tasks.texts(1);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(stage.postgres().jdbcUrl());
    config.setUsername(stage.postgres().user());
    config.setPassword(stage.postgres().password());
    config.setMaximumPoolSize(POOL);
    config.setMinimumIdle(POOL);
    config.addDataSourceProperty("prepareThreshold", "1");
    try (HikariDataSource pool = new HikariDataSource(config)) {
      return Callers.run(
          CALLERS,
          triggers,
          caller -> {
            try (Connection connection = pool.getConnection()) {
              new BareQueue(connection).storeReady(payload);
            }
          });
    }
  }
}

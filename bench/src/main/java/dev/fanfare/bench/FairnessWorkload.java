package dev.fanfare.bench;

import static dev.fanfare.sdk.TriggerOptions.options;

import dev.fanfare.bench.measure.Callers;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * How evenly slots are divided among tenants: nine with the same load, and a tenth with a hundred
 * times as much, which was there first. A tenant is a concurrency key: the runs of each key are a
 * lane of their own, and a claim divides its slots among the lanes. Environments would say nothing:
 * each has its own workers.
 *
 * <p>What each tenant got is counted when the first of the nine has all of its runs completed. The
 * baseline of the index and of the tenth's share is an even division, that of the duration is the
 * nine without the tenth.
 */
final class FairnessWorkload implements Workload {
  private static final int TENANTS = 9;
  private static final int TIMES = 100;
  private static final int SLOTS = 100;
  private static final int FILLING_CALLERS = 4;
  private static final String BUSY = "busy";

  private static final String COMPLETED_PER_TENANT =
      """
      with completed as (
        select r.concurrency_key, o.finished_at
          from fanfare.outcomes o
          join fanfare.runs r using (environment_id, run_id)
      ), first as (
        select min(last_at) as at
          from (select max(finished_at) as last_at
                  from completed
                 where concurrency_key <> ?
                 group by concurrency_key) as tenants
      )
      select concurrency_key, count(*) filter (where finished_at <= (select at from first)) as runs
        from completed
       group by concurrency_key
      """;

  @Override
  public String name() {
    return "fairness";
  }

  /**
   * One measurement.
   *
   * @param index Jain's fairness index of the runs that the nine tenants got: 1 is even
   * @param busyShare the part of all runs that the tenth tenant got
   * @param seconds until all runs of the nine were completed
   */
  private record Shares(double index, double busyShare, double seconds) {}

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    int each = options.size(1_000, 200);
    int times = options.size(TIMES, 10);
    progress.say("fairness: warming up");
    shares(testbed, each, 0);
    List<Repeat<Shares>> repeats = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Repeat<Shares> one =
          Repeat.measure(() -> shares(testbed, each, times), () -> shares(testbed, each, 0));
      progress.say(
          "fairness, repeat %s: index %s, share of the tenth %s"
              .formatted(repeat, one.ours().index(), one.ours().busyShare()));
      repeats.add(one);
    }
    double even = 1.0 / (TENANTS + 1);
    return List.of(
        Row.of("fairness", "index of 9 equal tenants", "index", ideal(repeats, 1), Shares::index),
        Row.of(
            "fairness",
            "share of a tenth with %s times as much".formatted(times),
            "part",
            ideal(repeats, even),
            Shares::busyShare),
        Row.of("fairness", "until the 9 are completed", "s", repeats, Shares::seconds));
  }

  private static List<Repeat<Shares>> ideal(List<Repeat<Shares>> repeats, double ideal) {
    Shares shares = new Shares(ideal, ideal, ideal);
    return repeats.stream()
        .map(one -> new Repeat<>(one.ours(), shares, one.peers(), one.otherCpu()))
        .toList();
  }

  private static Shares shares(Testbed testbed, int each, int times) throws Exception {
    testbed.clear();
    List<Tasks.Item> items = Tasks.items(each);
    if (times > 0) {
      Callers.run(FILLING_CALLERS, times, caller -> trigger(testbed, items, BUSY));
    }
    List<String> batches = new ArrayList<>();
    for (int tenant = 1; tenant <= TENANTS; tenant++) {
      batches.add(trigger(testbed, items, "tenant-" + tenant));
    }
    long begun = System.nanoTime();
    testbed.worker().start(SLOTS);
    for (String batch : batches) {
      Batches.await(testbed.observer(), batch);
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    testbed.worker().stop();
    return shares(testbed, seconds);
  }

  private static String trigger(Testbed testbed, List<Tasks.Item> items, String tenant) {
    return testbed
        .client()
        .batchTrigger(Tasks.NOTHING, items, item -> options().concurrencyKey(tenant))
        .id();
  }

  private static Shares shares(Testbed testbed, double seconds) throws SQLException {
    List<Double> equal = new ArrayList<>();
    double busy = 0;
    try (PreparedStatement statement = testbed.observer().prepareStatement(COMPLETED_PER_TENANT)) {
      statement.setString(1, BUSY);
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          if (result.getString("concurrency_key").equals(BUSY)) {
            busy = result.getDouble("runs");
          } else {
            equal.add(result.getDouble("runs"));
          }
        }
      }
    }
    double sum = equal.stream().mapToDouble(runs -> runs).sum();
    return new Shares(jain(equal), busy / (busy + sum), seconds);
  }

  /** The square of the sum, divided by the number and by the sum of the squares. */
  static double jain(List<Double> figures) {
    double sum = figures.stream().mapToDouble(figure -> figure).sum();
    double squares = figures.stream().mapToDouble(figure -> figure * figure).sum();
    return sum * sum / (figures.size() * squares);
  }
}

package dev.fanfare.bench;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How claims slow down while another session holds a snapshot, as a long report or a dump does:
 * PostgreSQL then cannot remove dead rows. The system works at half of its peak meanwhile. The
 * duration of a claim is that of the poll. The baseline of the result is the first minute.
 */
final class SnapshotWorkload implements LongWorkload {
  @Override
  public String name() {
    return "snapshot";
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    double rate = PacedLoad.halfOfPeak(name(), testbed, options, progress);
    try (PacedLoad load = PacedLoad.start(testbed, rate, options.queueLimit());
        Connection holder = testbed.connect()) {
      TimeUnit.SECONDS.sleep(options.size(20, 1));
      load.take(); // connections and code were cold
      progress.say("snapshot: " + TableSizes.text(testbed.observer()));
      hold(holder);
      List<Row> rows =
          new ClaimMinutes(name(), load, testbed, progress)
              .measure(options.lasting(Duration.ofHours(1)), () -> {});
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
}

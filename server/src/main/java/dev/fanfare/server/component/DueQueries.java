package dev.fanfare.server.component;

import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Passenger;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** SQL that asks where sweeps are due, of one sweep or of several in one statement. */
final class DueQueries {
  private DueQueries() {}

  /**
   * Where a sweep is due.
   *
   * @param now when it was asked, by the database's clock
   * @param dueAt the time at which each environment is due
   */
  record Answer(Instant now, Map<Integer, Instant> dueAt) {}

  /** Asks for one sweep; one round trip with the commit. */
  static Later<Answer> ask(Tx tx, DueQuery query) {
    Map<Integer, Instant> dueAt = new HashMap<>();
    Later<List<Instant>> now =
        tx.sql("select clock_timestamp() as now").listLater(r -> r.instant("now"));
    Later<List<Boolean>> _ =
        tx.sql(query.text())
            .listLater(r -> {
              add(r, query, dueAt);
              return true;
            });
    return now.map(times -> new Answer(times.getFirst(), dueAt));
  }

  private static void add(Row row, DueQuery query, Map<Integer, Instant> dueAt)
      throws SQLException {
    dueAt.merge(
        row.integer("environment_id"),
        row.instant("at").plus(query.after()),
        (one, other) -> one.isBefore(other) ? one : other);
  }

  /** One query for those of several sweeps, whose rows say by number of which they are. */
  static String union(SortedMap<Integer, DueQuery> queries) {
    return String.join(
        "\nunion all\n",
        queries.entrySet().stream()
            .map(query ->
                "(select %s as sweep, d.environment_id, d.at from (%s) as d)"
                    .formatted(query.getKey(), query.getValue().text()))
            .toList());
  }

  /** Learns where sweeps are due. */
  @FunctionalInterface
  interface Listener {
    /**
     * The database has answered for a sweep.
     *
     * @param askedNanos the {@link System#nanoTime} at which it was asked
     */
    void answered(int sweep, Answer answer, long askedNanos);
  }

  /**
   * The question of several sweeps.
   *
   * @param query their {@link #union}
   */
  record Union(
      String query,
      SortedMap<Integer, DueQuery> queries,
      Map<Integer, Map<Integer, Instant>> dueAt,
      Listener listener)
      implements Passenger.Question {
    @Override
    public void read(Row row) throws SQLException {
      int sweep = row.integer("sweep");
      DueQuery asked = queries.get(sweep);
      if (asked != null) {
        add(row, asked, dueAt.computeIfAbsent(sweep, number -> new HashMap<>()));
      }
    }

    @Override
    public void answered(Instant now, long askedNanos) {
      queries
          .keySet()
          .forEach(sweep ->
              listener.answered(
                  sweep, new Answer(now, dueAt.getOrDefault(sweep, Map.of())), askedNanos));
    }
  }
}

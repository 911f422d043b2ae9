package dev.fanfare.server.storage;

import dev.fanfare.server.db.IdRanges;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * SQL that finds what stays when partitions are dropped, and what does not stay of an environment
 * with a shorter retention. A run that has an outcome is final for good.
 */
final class SurvivorStore {
  /** Bounds the memory: one more is returned when there are more. */
  static final int MAX = 1_000_000;

  /**
   * The runs with lesser ids than {@code before} that are open or became final after {@code kept}.
   * Their number can only shrink: whatever is not among them is final for good.
   */
  List<Survivor> runs(Tx tx, long before, Instant kept) {
    return tx.sql(
            """
            select y.environment_id, r.run_id as id
              from ready y
             cross join lateral (
                     select y.last_id as run_id
                      where y.n = 1
                     union all
                     select x.run_id
                       from runs x
                      where y.n > 1
                        and x.environment_id = y.environment_id
                        and x.run_id > y.floor_id
                        and x.run_id <= y.last_id
                        and x.run_id < :before) as r
             where y.last_id < :before
            union
            select environment_id, run_id from delays where run_id < :before
            union
            select environment_id, run_id from parked where run_id < :before
            union
            select environment_id, run_id from leases where run_id < :before
            union
            select environment_id, run_id from outcomes
             where run_id < :before and finished_at > :kept
             limit :max
            """)
        .bind("before", IdRanges.first(before))
        .bind("kept", kept)
        .bind("max", MAX + 1)
        .listReplanned(SurvivorStore::survivor);
  }

  /** The runs with lesser ids than {@code before} that are stored. */
  List<Survivor> storedRuns(Tx tx, long before) {
    return tx.sql(
            """
            select environment_id, run_id as id
              from runs
             where run_id < :before
             limit :max
            """)
        .bind("before", IdRanges.first(before))
        .bind("max", MAX + 1)
        .listReplanned(SurvivorStore::survivor);
  }

  /**
   * The batches with lesser ids than {@code before} that are open or completed after {@code kept}.
   */
  List<Survivor> batches(Tx tx, long before, Instant kept) {
    return tx.sql(
            """
            select environment_id, batch_id as id
              from batches
             where batch_id < :before
               and (open_runs > 0
                    or completed_at is null
                    or completed_at > :kept)
             limit :max
            """)
        .bind("before", IdRanges.first(before))
        .bind("kept", kept)
        .bind("max", MAX + 1)
        .listReplanned(SurvivorStore::survivor);
  }

  /**
   * A run or batch of an environment.
   *
   * @param stays whether it is open, or final for less than the retention
   */
  record Visited(UUID id, boolean stays) {}

  /**
   * The next final runs of the environment, in the order of their ids.
   *
   * @param after the last id before them
   * @param until all their ids are less; in the same partition as {@code after}
   * @param kept since when final runs stay
   */
  List<Visited> nextRuns(Tx tx, UUID after, UUID until, Instant kept, int max) {
    return tx.sql(
            """
            select run_id as id, finished_at > :kept as stays
              from outcomes
             where environment_id = :environment
               and run_id > :after
               and run_id < :until
               and across(run_id, :bounds)
             order by run_id
             limit :max
            """)
        .bind("after", after)
        .bind("until", until)
        .bind("bounds", bounds(after, until))
        .bind("kept", kept)
        .bind("max", max)
        .list(SurvivorStore::visited);
  }

  /** As {@link #nextRuns}, for batches, also open ones. */
  List<Visited> nextBatches(Tx tx, UUID after, UUID until, Instant kept, int max) {
    return tx.sql(
            """
            select batch_id as id,
                   (open_runs > 0
                    or completed_at is null
                    or completed_at > :kept) as stays
              from batches
             where environment_id = :environment
               and batch_id > :after
               and batch_id < :until
               and across(batch_id, :bounds)
             order by batch_id
             limit :max
            """)
        .bind("after", after)
        .bind("until", until)
        .bind("bounds", bounds(after, until))
        .bind("kept", kept)
        .bind("max", max)
        .list(SurvivorStore::visited);
  }

  /** The ends of a range, whose upper one is excluded. */
  private static UUID[] bounds(UUID after, UUID until) {
    return new UUID[] {after, IdRanges.first(IdRanges.millis(until) - 1)};
  }

  private static Visited visited(Row r) throws SQLException {
    return new Visited(r.uuid("id"), r.flag("stays"));
  }

  private static Survivor survivor(Row r) throws SQLException {
    return new Survivor(r.integer("environment_id"), r.uuid("id"));
  }
}

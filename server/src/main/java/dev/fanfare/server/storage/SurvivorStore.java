package dev.fanfare.server.storage;

import dev.fanfare.server.db.IdRanges;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/** SQL that finds what stays when partitions are dropped. */
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
            select environment_id, run_id as id from ready where run_id < :before
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

  private static Survivor survivor(Row r) throws SQLException {
    return new Survivor(r.integer("environment_id"), r.uuid("id"));
  }
}

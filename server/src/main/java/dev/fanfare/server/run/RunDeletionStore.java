package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.util.List;
import java.util.UUID;

/** SQL that deletes runs. */
public final class RunDeletionStore {

  /**
   * Deletes final runs with their outcomes, tags and metadata. Locks the runs first, in the order
   * of their ids, as every transaction does that changes them.
   */
  public void delete(Tx tx, List<UUID> runIds) {
    lock(tx, runIds);
    deleteTags(tx, runIds);
    tx.sql(
            """
            delete from run_metadata
             where environment_id = :environment
               and run_id = any (:run_ids)
               and within(run_id, :run_ids)
            """)
        .uuids("run_ids", runIds)
        .update();
    tx.sql(
            """
            delete from outcomes
             where environment_id = :environment
               and run_id = any (:run_ids)
               and within(run_id, :run_ids)
            """)
        .uuids("run_ids", runIds)
        .update();
    tx.sql(
            """
            delete from runs
             where environment_id = :environment
               and run_id = any (:run_ids)
               and within(run_id, :run_ids)
            """)
        .uuids("run_ids", runIds)
        .update();
  }

  private static void lock(Tx tx, List<UUID> runIds) {
    tx.sql(
            """
            select run_id
              from runs
             where environment_id = :environment
               and run_id = any (:run_ids)
               and within(run_id, :run_ids)
             order by run_id                     -- one order for all prevents deadlocks
               for update
            """)
        .uuids("run_ids", runIds)
        .list(r -> true);
  }

  /** The tags of a run are found by its row, which must still be there. */
  private static void deleteTags(Tx tx, List<UUID> runIds) {
    tx.sql(
            """
            delete from run_tags g
             using (select s.run_id, t.tag
                      from unnest(:run_ids::uuid[]) as s (run_id)
                     cross join lateral (
                             select x.tags
                               from runs x
                              where x.environment_id = :environment
                                and x.run_id = s.run_id
                                and within(x.run_id, :run_ids)
                              limit 1) as r
                     cross join unnest(r.tags) as t (tag)) as old
             where g.environment_id = :environment
               and g.tag = old.tag
               and g.run_id = old.run_id
               and g.run_id = any (:run_ids)
               and within(g.run_id, :run_ids)
            """)
        .uuids("run_ids", runIds)
        .update();
  }
}

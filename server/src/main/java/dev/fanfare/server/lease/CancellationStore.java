package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/** SQL of {@code cancellations}: canceled runs with descendants that are still to be canceled. */
final class CancellationStore {
  /** The environments in which descendants are to be canceled. */
  static final String DUE =
      """
      select e.environment_id, now() as at
        from environments e
       cross join lateral (
               select true as found
                 from cancellations x
                where x.environment_id = e.environment_id
                limit 1) as d
      """;

  /**
   * A run whose children are to be canceled, in the order of their ids.
   *
   * @param afterRunId the last child that was handled
   * @param tries how many transactions in a row found the next child in no table
   */
  record Branch(UUID runId, UUID afterRunId, int tries) {
    private static final UUID NONE = new UUID(0, 0);

    /** A run of which no child was handled. */
    static Branch whole(UUID runId) {
      return new Branch(runId, NONE, 0);
    }
  }

  /** Stores branches for the sweep. A branch that is already stored keeps the earlier position. */
  void insertAll(Tx tx, Collection<Branch> branches) {
    tx.sql(
            """
            insert into cancellations (environment_id, run_id, after_run_id, tries)
            select :environment, b.run_id, b.after_run_id, b.tries
              from unnest(:run_ids::uuid[], :after_run_ids::uuid[], :tries::int[])
                   as b (run_id, after_run_id, tries)
             order by b.run_id
                on conflict (environment_id, run_id) do update
               set after_run_id = least(cancellations.after_run_id, excluded.after_run_id),
                   tries = least(cancellations.tries, excluded.tries)
            """)
        .uuids("run_ids", branches, Branch::runId)
        .uuids("after_run_ids", branches, Branch::afterRunId)
        .ints("tries", branches, Branch::tries)
        .updateLater();
  }

  /**
   * Deletes and returns up to {@code max} branches that no other server has locked, each with one
   * try more.
   */
  List<Branch> take(Tx tx, int max) {
    return tx.sql(
            """
            delete from cancellations
             where environment_id = :environment
               and run_id = any (array(
                     select run_id
                       from cancellations
                      where environment_id = :environment
                      order by run_id
                      limit :max
                        for update skip locked))
            returning run_id, after_run_id, tries
            """)
        .bind("max", max)
        .list(r -> new Branch(r.uuid("run_id"), r.uuid("after_run_id"), r.integer("tries") + 1));
  }
}

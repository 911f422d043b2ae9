package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import java.util.Comparator;
import java.util.List;

/** SQL that ends leases which the server knows: see {@link KnownLeases}. */
final class KnownLeaseStore {

  /**
   * Deletes leases of which no attempt was started, later, without reading them first. The
   * transaction fails with an {@link OutdatedLeaseException} if one is gone, or is not as it was.
   */
  void end(Tx tx, Session session, List<Lease> known) {
    List<Lease> ordered = known.stream().sorted(Comparator.comparing(Lease::runId)).toList();
    tx.sql(
            """
            with ended as (
              -- an index finds the rows in the order of their runs, which prevents deadlocks
              delete from leases l
               where l.environment_id = :environment
                 and l.session_id = :session_id
                 and l.version_id = :version_id
                 and l.started_at is null
                 and l.first_started_at is null
                 and l.canceled_at is null
                 and l.run_id = any (array(
                       select held.run_id
                         from unnest(:run_ids::uuid[], :fences::int[], :lane_ids::int8[],
                                     :batch_ids::uuid[])
                              as c (run_id, fence, lane_id, batch_id)
                        cross join lateral (
                                select x.run_id
                                  from leases x
                                 where x.environment_id = :environment
                                   and x.run_id = c.run_id
                                   and x.fence = c.fence
                                   and x.lane_id = c.lane_id
                                   and x.batch_id is not distinct from c.batch_id
                                 limit 1) as held))
              returning true
            )
            select 1 / (count(*) = cardinality(:run_ids::uuid[]))::int
              from ended
            """)
        .bind("session_id", session.id())
        .bind("version_id", session.versionId())
        .uuids("run_ids", ordered, Lease::runId)
        .ints("fences", ordered, Lease::fence)
        .longs("lane_ids", ordered, Lease::laneId)
        .uuids("batch_ids", ordered, Lease::batchId)
        .updateLater(failure -> failure.isDivisionByZero() ? new OutdatedLeaseException() : null);
  }
}

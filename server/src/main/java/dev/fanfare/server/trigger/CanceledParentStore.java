package dev.fanfare.server.trigger;

import dev.fanfare.server.db.Tx;
import java.util.Collection;
import java.util.UUID;

/** SQL that lets a sweep cancel runs whose parents were canceled before they were triggered. */
final class CanceledParentStore {

  /**
   * Stores those of these runs that are canceled, so that a sweep cancels the children that the
   * transaction creates: the cancel itself came too early to find them.
   */
  void cancelChildren(Tx tx, Collection<UUID> parentIds) {
    tx.sql(
            """
            insert into cancellations (environment_id, run_id, after_run_id)
            select :environment, p.run_id, '00000000-0000-0000-0000-000000000000'
              from unnest(:parent_ids::uuid[]) as p (run_id)
             where (select true
                      from outcomes o
                     where o.environment_id = :environment
                       and o.run_id = p.run_id
                       and within(o.run_id, :parent_ids)
                       and o.status = 'CANCELED'
                     limit 1) is not null
                or (select true
                      from leases l
                     where l.environment_id = :environment
                       and l.run_id = p.run_id
                       and l.canceled_at is not null
                     limit 1) is not null
             order by p.run_id                     -- one order for all prevents deadlocks
                on conflict (environment_id, run_id) do update
               set after_run_id = excluded.after_run_id
            """)
        .uuids("parent_ids", parentIds)
        .update();
  }
}

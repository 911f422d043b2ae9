package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/** SQL of {@code expiries}: queued runs that are worth nothing after a time. */
public final class ExpiryStore {

  /** An entry that is ready and when it expires. */
  public record Expiring(Entry entry, Instant expiresAt) {}

  /** Notes when runs expire that were just made ready, in one statement however many. */
  public void insertAll(Tx tx, List<Expiring> expiring) {
    EntryColumns columns = EntryColumns.of(expiring.stream().map(Expiring::entry).toList());
    tx.sql(
            """
            insert into expiries (environment_id, run_id, expires_at, lane_id, rank)
            select :environment, e.run_id, e.expires_at::timestamptz, e.lane_id, e.rank
              from unnest(:run_ids::uuid[], :expires_ats::text[], :lane_ids::int[], :ranks::int8[])
                   as e (run_id, expires_at, lane_id, rank)
            """)
        .bind("run_ids", columns.runIds())
        .times("expires_ats", expiring, e -> e.expiresAt())
        .bind("lane_ids", columns.laneIds())
        .bind("ranks", columns.ranks())
        .update();
  }

  /** Drops up to {@code max} expiries whose time has come, the longest due first. */
  public List<Expired> due(Tx tx, Instant now, int max) {
    return tx.sql(
            """
            delete from expiries
             where environment_id = :environment
               and run_id = any (array(
                     select run_id
                       from expiries
                      where environment_id = :environment
                        and expires_at <= :now
                      order by expires_at
                      limit :max
                        for update skip locked))
            returning run_id, lane_id, rank
            """)
        .bind("now", now)
        .bind("max", max)
        .list(r -> new Expired(r.uuid("run_id"), r.integer("lane_id"), r.bigint("rank")));
  }

  /** A run whose time has come, and where it stood when that was noted. */
  public record Expired(UUID runId, int laneId, long rank) {}

  /**
   * Takes those out of the queue that still stand there and were never claimed; a claim that is
   * under way is waited for, and then it was faster. In the order of runs, as those who cancel many
   * do it, so that nobody waits in a ring.
   */
  public List<UUID> take(Tx tx, List<Expired> due) {
    List<Expired> expired = due.stream().sorted(Comparator.comparing(Expired::runId)).toList();
    return tx.sql(
            """
            delete from ready
             where environment_id is not distinct from :environment      -- not for an index
               and ctid = any (array(
                     select y.address
                       from unnest(:lane_ids::int[], :ranks::int8[], :run_ids::uuid[]) as e (lane_id, rank, run_id)
                      cross join lateral (
                              select x.ctid as address
                                from ready x
                               where x.environment_id = :environment
                                 and x.lane_id = e.lane_id
                                 and x.rank = e.rank
                                 and x.run_id = e.run_id
                                 and x.fence = 0
                               limit 1
                                 for update) as y))
            returning run_id
            """)
        .ints("lane_ids", expired, Expired::laneId)
        .longs("ranks", expired, Expired::rank)
        .uuids("run_ids", expired, Expired::runId)
        .list(r -> r.uuid("run_id"));
  }
}

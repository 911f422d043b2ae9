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
  public void insertAll(Tx tx, int environmentId, List<Expiring> expiring) {
    EntryColumns columns = EntryColumns.of(expiring.stream().map(Expiring::entry).toList());
    tx.update(
        """
        insert into expiries (environment_id, run_id, expires_at, lane_id, rank)
        select ?, e.run_id, e.expires_at::timestamptz, e.lane_id, e.rank
          from unnest(?::uuid[], ?::text[], ?::int[], ?::int8[])
               as e (run_id, expires_at, lane_id, rank)
        """,
        environmentId,
        columns.runIds(),
        expiring.stream().map(e -> e.expiresAt().toString()).toArray(String[]::new),
        columns.laneIds(),
        columns.ranks());
  }

  /** Drops up to {@code max} expiries whose time has come, the longest due first. */
  public List<Expired> due(Tx tx, int environmentId, Instant now, int max) {
    return tx.list(
        """
        delete from expiries
         where environment_id = ?
           and run_id = any (array(
                 select run_id
                   from expiries
                  where environment_id = ?
                    and expires_at <= ?
                  order by expires_at
                  limit ?
                    for update skip locked))
        returning run_id, lane_id, rank
        """,
        r -> new Expired(r.uuid("run_id"), r.integer("lane_id"), r.bigint("rank")),
        environmentId,
        environmentId,
        now,
        max);
  }

  /** A run whose time has come, and where it stood when that was noted. */
  public record Expired(UUID runId, int laneId, long rank) {}

  /**
   * Takes those out of the queue that still stand there and were never claimed; a claim that is
   * under way is waited for, and then it was faster. In the order of runs, as those who cancel many
   * do it, so that nobody waits in a ring.
   */
  public List<UUID> take(Tx tx, int environmentId, List<Expired> due) {
    List<Expired> expired = due.stream().sorted(Comparator.comparing(Expired::runId)).toList();
    return tx.list(
        """
        delete from ready
         where environment_id is not distinct from ?     -- no condition for an index, on purpose
           and ctid = any (array(
                 select y.address
                   from unnest(?::int[], ?::int8[], ?::uuid[]) as e (lane_id, rank, run_id)
                  cross join lateral (
                          select x.ctid as address
                            from ready x
                           where x.environment_id = ?
                             and x.lane_id = e.lane_id
                             and x.rank = e.rank
                             and x.run_id = e.run_id
                             and x.fence = 0
                           limit 1
                             for update) as y))
        returning run_id
        """,
        r -> r.uuid("run_id"),
        environmentId,
        expired.stream().mapToInt(Expired::laneId).toArray(),
        expired.stream().mapToLong(Expired::rank).toArray(),
        expired.stream().map(Expired::runId).toArray(UUID[]::new),
        environmentId);
  }
}

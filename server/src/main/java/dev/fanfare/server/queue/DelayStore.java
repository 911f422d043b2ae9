package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** SQL of {@code delays}: runs that become ready at a time. */
public final class DelayStore {

  /** An entry and when it becomes ready. */
  public record Delayed(Entry entry, Instant dueAt) {}

  /** Lets runs wait for their times, in one statement however many. */
  public void insertAll(Tx tx, int environmentId, List<Delayed> delayed) {
    EntryColumns columns = EntryColumns.of(delayed.stream().map(Delayed::entry).toList());
    tx.update(
        """
        insert into delays
               (environment_id, run_id, due_at, lane_id, rank, fence, attempt, losses,
                first_started_at)
        select ?, e.run_id, e.due_at::timestamptz, e.lane_id, e.rank, e.fence, e.attempt, e.losses,
               e.first_started_at::timestamptz
          from unnest(?::uuid[], ?::text[], ?::int[], ?::int8[], ?::int[], ?::int[], ?::int[],
                      ?::text[])
               as e (run_id, due_at, lane_id, rank, fence, attempt, losses, first_started_at)
        """,
        environmentId,
        columns.runIds(),
        delayed.stream().map(d -> d.dueAt().toString()).toArray(String[]::new),
        columns.laneIds(),
        columns.ranks(),
        columns.fences(),
        columns.attempts(),
        columns.losses(),
        columns.firstStartedAts());
  }

  /** Takes runs out and returns those that stood here. */
  public List<Entry> delete(Tx tx, int environmentId, UUID[] runIds) {
    return tx.list(
        """
        delete from delays
         where environment_id = ?
           and run_id = any (array(
                 select run_id
                   from delays
                  where environment_id = ?
                    and run_id = any (?)
                  order by debounce_hash, run_id        -- in which a trigger locks them, too
                    for update))
        returning run_id, lane_id, rank, fence, attempt, losses, first_started_at
        """,
        ReadyStore::entry,
        environmentId,
        environmentId,
        runIds);
  }

  /**
   * Makes up to {@code max} runs ready whose time has come, the longest due first; returns how
   * many. A time to live begins now. Entries that another server is moving are left to it.
   */
  public int release(Tx tx, int environmentId, Instant now, int max) {
    return tx.update(
        """
        with due as (
          delete from delays
           where environment_id = ?
             and run_id = any (array(
                   select run_id
                     from delays
                    where environment_id = ?
                      and due_at <= ?
                    order by due_at
                    limit ?
                      for update skip locked))
          returning *
        ), expiring as (
          insert into expiries (environment_id, run_id, expires_at, lane_id, rank)
          select d.environment_id, d.run_id, ?::timestamptz + r.ttl_ms * interval '1 millisecond',
                 d.lane_id, d.rank
            from due d
           cross join lateral (
                  select x.ttl_ms
                    from runs x
                   where x.environment_id = d.environment_id
                     and x.run_id = d.run_id
                     and x.ttl_ms is not null
                   limit 1) as r
           where d.fence = 0
              on conflict (environment_id, run_id) do update set expires_at = excluded.expires_at
        )
        insert into ready
               (environment_id, lane_id, rank, run_id, fence, attempt, losses, first_started_at)
        select environment_id, lane_id, rank, run_id, fence, attempt, losses, first_started_at
          from due
        """,
        environmentId,
        environmentId,
        now,
        max,
        now);
  }
}

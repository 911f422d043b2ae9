package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.text.Hash;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL of {@code delays}: runs that become ready at a later time. */
public final class DelayStore {
  /** When the first delay of each environment is due. */
  static final String DUE =
      """
      select e.environment_id, d.due_at as at
        from environments e
       cross join lateral (
               select x.due_at
                 from delays x
                where x.environment_id = e.environment_id
                order by x.due_at
                limit 1) as d
      """;

  private final ExpiryStore expiryStore = new ExpiryStore();

  /** An entry and the time at which it becomes ready. */
  public record Delayed(Entry entry, Instant dueAt) {}

  /** Inserts delayed runs, in one statement. */
  public void insertAll(Tx tx, List<Delayed> delayed) {
    List<Entry> entries = delayed.stream().map(Delayed::entry).toList();
    delayed.forEach(each -> tx.delays(each.dueAt()));
    tx.sql(
            """
            insert into delays
                   (environment_id, run_id, due_at, lane_id, rank, fence, attempt, losses,
                    first_started_at)
            select :environment, e.run_id, e.due_at::timestamptz, e.lane_id, e.rank, e.fence,
                   e.attempt, e.losses, e.first_started_at::timestamptz
              from unnest(:run_ids::uuid[], :due_ats::text[], :lane_ids::int8[], :ranks::int8[],
                          :fences::int[], :attempts::int[], :losses::int[],
                          :first_started_ats::text[])
                   as e (run_id, due_at, lane_id, rank, fence, attempt, losses, first_started_at)
            """)
        .uuids("run_ids", entries, Entry::runId)
        .times("due_ats", delayed, Delayed::dueAt)
        .longs("lane_ids", entries, Entry::laneId)
        .longs("ranks", entries, Entry::rank)
        .ints("fences", entries, Entry::fence)
        .ints("attempts", entries, Entry::attempt)
        .ints("losses", entries, Entry::losses)
        .times("first_started_ats", entries, Entry::firstStartedAt)
        .updateLater();
  }

  /**
   * Deletes and returns the entries of these runs. Waits for transactions that have locked some.
   */
  public List<Entry> delete(Tx tx, Collection<UUID> runIds) {
    return tx.sql(
            """
            delete from delays
             where environment_id = :environment
               and run_id = any (array(
                     select run_id
                       from delays
                      where environment_id = :environment
                        and run_id = any (:run_ids)
                      order by debounce_hash, run_id        -- the order in which triggers lock them
                        for update))
            returning run_id, lane_id, rank, fence, attempt, losses, first_started_at
            """)
        .uuids("run_ids", runIds)
        .list(ReadyStore::entry);
  }

  private record Due(int taskId, Entry entry) {}

  /**
   * Makes up to {@code max} due runs ready, the longest due first; returns the task of each. The
   * time to live of a new run starts at {@code now}. Skips entries that another transaction has
   * locked.
   */
  public List<Integer> makeReady(Tx tx, Instant now, int max) {
    List<Due> due =
        tx.sql(
                """
                with due as (
                  delete from delays
                   where environment_id = :environment
                     and run_id = any (array(
                           select run_id
                             from delays
                            where environment_id = :environment
                              and due_at <= :now
                            order by due_at
                            limit :max
                              for update skip locked))
                  returning *
                )
                insert into ready
                       (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt,
                        losses, first_started_at)
                select d.environment_id, l.task_id, l.version_id, d.lane_id, d.rank, d.run_id, d.fence,
                       d.attempt, d.losses, d.first_started_at
                  from due d
                 left join lateral (
                         select x.task_id, x.version_id
                           from lanes x
                          where x.environment_id = d.environment_id
                            and x.lane_id = d.lane_id
                          limit 1) as l on true -- without a lane it fails: nothing is lost
                returning task_id, last_id as run_id, lane_id, rank, fence, attempt, losses,
                          first_started_at
                """)
            .bind("now", now)
            .bind("max", max)
            .list(r -> new Due(r.integer("task_id"), ReadyStore.entry(r)));
    List<Entry> fresh = due.stream().map(Due::entry).filter(entry -> entry.fence() == 0).toList();
    if (!fresh.isEmpty()) {
      expiryStore.restart(tx, fresh, now);
    }
    return due.stream().map(Due::taskId).toList();
  }

  /**
   * A new delayed run that holds a debounce key.
   *
   * @param hash the hash of the key and the task
   */
  public record Debounced(Delayed delayed, Hash hash) {}

  /**
   * Inserts the delayed runs whose debounce key is free, in one statement, and returns the hashes
   * of these keys. The other keys are held by waiting runs, which stay locked until the transaction
   * ends: no other transaction can queue, move or cancel them.
   *
   * <p>Waits for uncommitted triggers with the same key, and for transactions that have locked the
   * run that holds the key. So only one of many concurrent triggers creates a run.
   */
  public Set<Hash> insertDebounced(Tx tx, Collection<Debounced> runs) {
    runs.forEach(run -> tx.delays(run.delayed().dueAt()));
    return new HashSet<>(
        tx.sql(
                """
                insert into delays
                       (environment_id, run_id, due_at, lane_id, rank, fence, attempt, losses,
                        debounce_hash)
                select :environment, e.run_id, e.due_at::timestamptz, e.lane_id, e.rank, 0, 0, 0,
                       e.debounce_hash
                  from unnest(:debounce_hashes::bytea[], :run_ids::uuid[], :due_ats::text[],
                              :lane_ids::int8[], :ranks::int8[])
                       as e (debounce_hash, run_id, due_at, lane_id, rank)
                 order by e.debounce_hash          -- one order for all prevents deadlocks
                    on conflict (environment_id, debounce_hash) where debounce_hash is not null
                    do update
                   set due_at = delays.due_at
                 where false                       -- a conflicting row is locked, not changed
                returning debounce_hash
                """)
            .bytes("debounce_hashes", runs, run -> run.hash().bytes())
            .uuids("run_ids", runs, run -> run.delayed().entry().runId())
            .times("due_ats", runs, run -> run.delayed().dueAt())
            .longs("lane_ids", runs, run -> run.delayed().entry().laneId())
            .longs("ranks", runs, run -> run.delayed().entry().rank())
            .list(r -> new Hash(r.bytes("debounce_hash"))));
  }

  /**
   * Locks the delay of a run that was never claimed, and returns when it is due; {@code null}
   * without such a delay.
   */
  public @Nullable Instant lock(Tx tx, UUID runId) {
    return tx.sql(
            """
            select due_at
              from delays
             where environment_id = :environment
               and run_id = :run_id
               and fence = 0
               for update
            """)
        .bind("run_id", runId)
        .first(r -> r.instant("due_at"));
  }

  /** Moves a delay that the caller has locked, and with it the run's rank. */
  public void move(Tx tx, UUID runId, Instant from, Instant to) {
    tx.delays(to);
    tx.sql(
            """
            update delays
               set due_at = :due_at, rank = rank + :micros
             where environment_id = :environment
               and run_id = :run_id
            """)
        .bind("due_at", to)
        .bind("micros", ChronoUnit.MICROS.between(from, to))
        .bind("run_id", runId)
        .update();
  }
}

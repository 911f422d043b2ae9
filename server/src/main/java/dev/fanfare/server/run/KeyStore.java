package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * SQL of {@code idempotency_keys}. Keys are found by their SHA-256: a key of 2,048 characters does
 * not fit an index entry.
 */
final class KeyStore {

  /** A key of a task. */
  record TaskKey(int taskId, Hash hash) {}

  /** A key and the run that would take it. */
  record Claim(TaskKey key, UUID runId, Instant expiresAt) {}

  private record Taken(TaskKey key, UUID runId) {}

  /**
   * Takes the keys that are free, expired, or of a run whose end answers no trigger, and returns
   * who has each key now: the claiming run, or the run that had it before. A claim waits for a
   * trigger with the same key that has not committed yet, so of many at once exactly one wins. What
   * conflicts is locked also where it stays as it is: who has a key cannot lose it before it is
   * read.
   */
  Map<TaskKey, UUID> claim(Tx tx, int environmentId, Instant now, Collection<Claim> claims) {
    int[] taskIds = claims.stream().mapToInt(c -> c.key().taskId()).toArray();
    byte[][] hashes = claims.stream().map(c -> c.key().hash().bytes()).toArray(byte[][]::new);
    Map<TaskKey, UUID> holders = new HashMap<>();
    List<Taken> won =
        tx.list(
            """
            insert into idempotency_keys (environment_id, task_id, key_hash, run_id, expires_at)
            select ?, k.task_id, k.key_hash, k.run_id, k.expires_at::timestamptz
              from unnest(?::int[], ?::bytea[], ?::uuid[], ?::text[])
                   as k (task_id, key_hash, run_id, expires_at)
             order by k.task_id, k.key_hash    -- one order for all, so that no two wait in a ring
                on conflict (environment_id, task_id, key_hash) do update
               set run_id = excluded.run_id, expires_at = excluded.expires_at
             where idempotency_keys.expires_at <= ?
                or (select o.status               -- of the run that a key was passed on to
                      from outcomes o
                     where o.environment_id = idempotency_keys.environment_id
                       and o.run_id = idempotency_keys.run_id) not in ('COMPLETED', 'CANCELED')
            returning task_id, key_hash, run_id
            """,
            r -> new Taken(key(r.integer("task_id"), r.bytes("key_hash")), r.uuid("run_id")),
            environmentId,
            taskIds,
            hashes,
            claims.stream().map(Claim::runId).toArray(UUID[]::new),
            claims.stream().map(c -> c.expiresAt().toString()).toArray(String[]::new),
            now);
    won.forEach(taken -> holders.put(taken.key(), taken.runId()));
    if (holders.size() < claims.size()) {
      tx.list(
              """
              select k.task_id, k.key_hash, k.run_id
                from unnest(?::int[], ?::bytea[]) as s (task_id, key_hash)
               cross join lateral (
                       select x.*
                         from idempotency_keys x
                        where x.environment_id = ?
                          and x.task_id = s.task_id
                          and x.key_hash = s.key_hash
                        limit 1) as k
              """,
              r -> new Taken(key(r.integer("task_id"), r.bytes("key_hash")), r.uuid("run_id")),
              taskIds,
              hashes,
              environmentId)
          .forEach(taken -> holders.put(taken.key(), taken.runId()));
    }
    return holders;
  }

  private static TaskKey key(int taskId, byte[] hash) {
    return new TaskKey(taskId, new Hash(hash));
  }

  /** Lets keys that were just claimed answer with other runs, whose own keys they are not. */
  void pass(Tx tx, int environmentId, Map<TaskKey, UUID> runIds) {
    tx.update(
        """
        update idempotency_keys k
           set run_id = p.run_id
          from unnest(?::int[], ?::bytea[], ?::uuid[]) as p (task_id, key_hash, run_id)
         cross join lateral (
                 select x.ctid as address
                   from idempotency_keys x
                  where x.environment_id = ?
                    and x.task_id = p.task_id
                    and x.key_hash = p.key_hash
                  limit 1) as a
         where k.environment_id is not distinct from ?   -- no condition for an index, on purpose
           and k.ctid = a.address
        """,
        runIds.keySet().stream().mapToInt(TaskKey::taskId).toArray(),
        runIds.keySet().stream().map(key -> key.hash().bytes()).toArray(byte[][]::new),
        runIds.values().toArray(UUID[]::new),
        environmentId,
        environmentId);
  }

  /**
   * Frees the keys of runs that ended in a way that does not answer a trigger; a key that another
   * run has by now stays. Locks them in the order in which a claim does.
   */
  void free(Tx tx, int environmentId, List<UUID> runIds) {
    tx.update(
        """
        delete from idempotency_keys
         where environment_id is not distinct from ?     -- no condition for an index, on purpose
           and ctid = any (array(
                 select k.address
                   from (select r.environment_id, r.task_id, r.run_id,
                                sha256(convert_to(r.idempotency_key, 'UTF8')) as key_hash
                           from runs r
                          where r.environment_id = ?
                            and r.run_id = any (?)
                            and r.idempotency_key is not null
                          order by 2, 4) as r
                  cross join lateral (
                          select x.ctid as address
                            from idempotency_keys x
                           where x.environment_id = r.environment_id
                             and x.task_id = r.task_id
                             and x.key_hash = r.key_hash
                             and x.run_id = r.run_id
                           limit 1
                             for update) as k))
        """,
        environmentId,
        environmentId,
        runIds.toArray(UUID[]::new));
  }

  /** Forgets up to {@code max} keys whose time is over. */
  int prune(Tx tx, int environmentId, Instant now, int max) {
    return tx.update(
        """
        delete from idempotency_keys
         where environment_id is not distinct from ?     -- no condition for an index, on purpose
           and ctid = any (array(
                 select ctid
                   from idempotency_keys
                  where environment_id = ?
                    and expires_at <= ?
                  order by expires_at
                  limit ?
                    for update skip locked))
        """,
        environmentId,
        environmentId,
        now,
        max);
  }
}

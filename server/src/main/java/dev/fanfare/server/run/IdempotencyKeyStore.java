package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.text.Hash;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code idempotency_keys}. Keys are found by their SHA-256: a key of 2,048 characters does
 * not fit an index entry.
 */
public final class IdempotencyKeyStore {

  /** A key of a task. */
  public record TaskKey(int taskId, Hash hash) {}

  /** A key and the run that would take it. */
  public record Claim(TaskKey key, UUID runId, Instant expiresAt) {}

  private record Taken(TaskKey key, UUID runId) {}

  /**
   * Takes the keys that are free, expired, or of a run whose end answers no trigger, and returns
   * who has each key now: the claiming run, or the run that had it before. A claim waits for a
   * trigger with the same key that has not committed yet, so of many at once exactly one wins. What
   * conflicts is locked also where it stays as it is: who has a key cannot lose it before it is
   * read.
   */
  public Map<TaskKey, UUID> claim(Tx tx, Instant now, Collection<Claim> claims) {
    Map<TaskKey, UUID> holders = new HashMap<>();
    List<Taken> won =
        tx.sql(
                """
                insert into idempotency_keys (environment_id, task_id, key_hash, run_id, expires_at)
                select :environment, k.task_id, k.key_hash, k.run_id, k.expires_at::timestamptz
                  from unnest(:task_ids::int[], :hashes::bytea[], :run_ids::uuid[],
                              :expires_ats::text[])
                       as k (task_id, key_hash, run_id, expires_at)
                 order by k.task_id, k.key_hash    -- one order for all prevents deadlocks
                    on conflict (environment_id, task_id, key_hash) do update
                   set run_id = excluded.run_id, expires_at = excluded.expires_at
                 where idempotency_keys.expires_at <= :now
                    or (select o.status               -- of the run that a key was passed on to
                          from outcomes o
                         where o.environment_id = idempotency_keys.environment_id
                           and o.run_id = idempotency_keys.run_id) not in ('COMPLETED', 'CANCELED')
                returning task_id, key_hash, run_id
                """)
            .ints("task_ids", claims, c -> c.key().taskId())
            .bytes("hashes", claims, c -> c.key().hash().bytes())
            .uuids("run_ids", claims, Claim::runId)
            .times("expires_ats", claims, Claim::expiresAt)
            .bind("now", now)
            .list(r -> new Taken(key(r.integer("task_id"), r.bytes("key_hash")), r.uuid("run_id")));
    won.forEach(taken -> holders.put(taken.key(), taken.runId()));
    if (holders.size() < claims.size()) {
      tx.sql(
              """
              select k.task_id, k.key_hash, k.run_id
                from unnest(:task_ids::int[], :hashes::bytea[]) as s (task_id, key_hash)
               cross join lateral (
                       select x.*
                         from idempotency_keys x
                        where x.environment_id = :environment
                          and x.task_id = s.task_id
                          and x.key_hash = s.key_hash
                        limit 1) as k
              """)
          .ints("task_ids", claims, c -> c.key().taskId())
          .bytes("hashes", claims, c -> c.key().hash().bytes())
          .list(r -> new Taken(key(r.integer("task_id"), r.bytes("key_hash")), r.uuid("run_id")))
          .forEach(taken -> holders.put(taken.key(), taken.runId()));
    }
    return holders;
  }

  private static TaskKey key(int taskId, byte[] hash) {
    return new TaskKey(taskId, new Hash(hash));
  }

  /** Lets keys that were just claimed answer with other runs, whose own keys they are not. */
  public void pass(Tx tx, Map<TaskKey, UUID> runIds) {
    tx.sql(
            """
            update idempotency_keys k
               set run_id = p.run_id
              from unnest(:task_ids::int[], :hashes::bytea[], :run_ids::uuid[])
                     as p (task_id, key_hash, run_id)
             cross join lateral (
                     select x.ctid as address
                       from idempotency_keys x
                      where x.environment_id = :environment
                        and x.task_id = p.task_id
                        and x.key_hash = p.key_hash
                      limit 1) as a
             where k.environment_id is not distinct from :environment      -- not for an index
               and k.ctid = a.address
            """)
        .ints("task_ids", runIds.keySet(), TaskKey::taskId)
        .bytes("hashes", runIds.keySet(), key -> key.hash().bytes())
        .uuids("run_ids", runIds.values())
        .update();
  }

  /**
   * Frees the keys of runs that ended in a way that does not answer a trigger; a key that another
   * run has by now stays. Locks them in the order in which a claim does.
   */
  void free(Tx tx, List<UUID> runIds) {
    tx.sql(
            """
            delete from idempotency_keys
             where environment_id is not distinct from :environment      -- not for an index
               and ctid = any (array(
                     select k.address
                       from (select r.environment_id, r.task_id, r.run_id,
                                    sha256(convert_to(r.idempotency_key, 'UTF8')) as key_hash
                               from runs r
                              where r.environment_id = :environment
                                and r.run_id = any (:run_ids)
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
            """)
        .uuids("run_ids", runIds)
        .update();
  }

  /** Forgets up to {@code max} keys whose time is over. */
  int prune(Tx tx, Instant now, int max) {
    return tx.sql(
            """
            delete from idempotency_keys
             where environment_id is not distinct from :environment      -- not for an index
               and ctid = any (array(
                     select ctid
                       from idempotency_keys
                      where environment_id = :environment
                        and expires_at <= :now
                      order by expires_at
                      limit :max
                        for update skip locked))
            """)
        .bind("now", now)
        .bind("max", max)
        .update();
  }

  /** Frees a key of a task; returns the run that had it, or {@code null} when none had. */
  public @Nullable UUID reset(Tx tx, String task, Hash hash) {
    return tx.sql(
            """
            delete from idempotency_keys
             where environment_id = :environment
               and task_id = (select t.task_id
                                from tasks t
                               where t.environment_id = :environment
                                 and t.slug = :task)
               and key_hash = :hash
            returning run_id
            """)
        .bind("task", task)
        .bind("hash", hash.bytes())
        .first(r -> r.uuid("run_id"));
  }
}

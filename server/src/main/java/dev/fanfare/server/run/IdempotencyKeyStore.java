package dev.fanfare.server.run;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Statement;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.text.Hash;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code idempotency_keys}. The table stores the SHA-256 of each key, because a key of 2,048
 * characters does not fit into an index entry.
 */
public final class IdempotencyKeyStore {
  /** When the first key of each environment expires. */
  static final String DUE =
      """
      select e.environment_id, d.expires_at as at
        from environments e
       cross join lateral (
               select x.expires_at
                 from idempotency_keys x
                where x.environment_id = e.environment_id
                order by x.expires_at
                limit 1) as d
      """;

  /** An idempotency key, which is unique within its task. */
  public record TaskKey(int taskId, Hash hash) {}

  /** The claim of a key for a new run. */
  public record Claim(TaskKey key, UUID runId, Instant expiresAt) {}

  private record Holder(TaskKey key, UUID runId) {}

  /**
   * Claims each key that is free, expired, or held by a run whose status frees the key or that was
   * dropped, and returns the holder of every key: the claiming run or an older one. One statement
   * if no key is taken, three if one is, and a fourth if its holder gives it up.
   *
   * <p>A claim waits for an uncommitted claim of the same key, so one of several concurrent
   * triggers wins. {@code on conflict} locks a key even when it leaves it unchanged, so the later
   * statements still find the holder.
   */
  public Map<TaskKey, UUID> claim(Tx tx, Instant now, Collection<Claim> claims) {
    Map<TaskKey, UUID> holders = new HashMap<>();
    claimFree(tx, now, claims).forEach(holder -> holders.put(holder.key(), holder.runId()));
    List<Claim> taken = claims.stream().filter(c -> !holders.containsKey(c.key())).toList();
    if (!taken.isEmpty()) {
      holders(tx, taken).forEach(holder -> holders.put(holder.key(), holder.runId()));
      Set<UUID> holderIds = new HashSet<>();
      taken.forEach(claim -> holderIds.add(Objects.requireNonNull(holders.get(claim.key()))));
      Set<UUID> givingUp = givingUp(tx, holderIds);
      List<Claim> freed =
          taken.stream().filter(c -> givingUp.contains(holders.get(c.key()))).toList();
      if (!freed.isEmpty()) {
        takeOver(tx, freed);
        freed.forEach(claim -> holders.put(claim.key(), claim.runId()));
      }
    }
    return holders;
  }

  private static List<Holder> claimFree(Tx tx, Instant now, Collection<Claim> claims) {
    return bind(
            tx.sql(
                """
                insert into idempotency_keys (environment_id, task_id, key_hash, run_id, expires_at)
                select :environment, k.task_id, k.key_hash, k.run_id, k.expires_at::timestamptz
                  from unnest(:task_ids::int[], :key_hashes::bytea[], :run_ids::uuid[],
                              :expiry_times::text[])
                       as k (task_id, key_hash, run_id, expires_at)
                 order by k.task_id, k.key_hash    -- one order for all prevents deadlocks
                    on conflict (environment_id, task_id, key_hash) do update
                   set run_id = excluded.run_id, expires_at = excluded.expires_at
                 where idempotency_keys.expires_at <= :now
                returning task_id, key_hash, run_id
                """),
            claims)
        .bind("now", now)
        .list(IdempotencyKeyStore::holder);
  }

  private static List<Holder> holders(Tx tx, Collection<Claim> claims) {
    return tx.sql(
            """
            select k.task_id, k.key_hash, k.run_id
              from unnest(:task_ids::int[], :key_hashes::bytea[]) as s (task_id, key_hash)
             cross join lateral (
                     select x.task_id, x.key_hash, x.run_id
                       from idempotency_keys x
                      where x.environment_id = :environment
                        and x.task_id = s.task_id
                        and x.key_hash = s.key_hash
                      limit 1) as k
            """)
        .ints("task_ids", claims, c -> c.key().taskId())
        .bytes("key_hashes", claims, c -> c.key().hash().bytes())
        .list(IdempotencyKeyStore::holder);
  }

  /** Those of these runs whose status frees their keys, or that do not exist any more. */
  private static Set<UUID> givingUp(Tx tx, Collection<UUID> runIds) {
    return new HashSet<>(
        tx.sql(
                """
                select i.run_id
                  from unnest(:run_ids::uuid[]) as i (run_id)
                  left join lateral (
                         select x.run_id
                           from runs x
                          where x.environment_id = :environment
                            and x.run_id = i.run_id
                            and within(x.run_id, :run_ids)
                          limit 1) as r on true
                  left join lateral (
                         select x.status
                           from outcomes x
                          where x.environment_id = :environment
                            and x.run_id = i.run_id
                            and within(x.run_id, :run_ids)
                          limit 1) as o on true
                 where r.run_id is null
                    or o.status not in ('COMPLETED', 'CANCELED')
                """)
            .uuids("run_ids", runIds)
            .list(r -> r.uuid("run_id")));
  }

  /** Gives keys, which this transaction has locked, to the claiming runs. */
  private static void takeOver(Tx tx, Collection<Claim> claims) {
    bind(
            tx.sql(
                """
                update idempotency_keys k
                   set run_id = c.run_id, expires_at = c.expires_at::timestamptz
                  from unnest(:task_ids::int[], :key_hashes::bytea[], :run_ids::uuid[],
                              :expiry_times::text[])
                         as c (task_id, key_hash, run_id, expires_at)
                 cross join lateral (
                         select x.ctid as address
                           from idempotency_keys x
                          where x.environment_id = :environment
                            and x.task_id = c.task_id
                            and x.key_hash = c.key_hash
                          limit 1) as a
                 where k.environment_id is not distinct from :environment -- not for an index
                   and k.ctid = a.address
                """),
            claims)
        .update();
  }

  private static Statement bind(Statement statement, Collection<Claim> claims) {
    return statement
        .ints("task_ids", claims, c -> c.key().taskId())
        .bytes("key_hashes", claims, c -> c.key().hash().bytes())
        .uuids("run_ids", claims, Claim::runId)
        .times("expiry_times", claims, Claim::expiresAt);
  }

  private static Holder holder(Row r) throws SQLException {
    TaskKey key = new TaskKey(r.integer("task_id"), new Hash(r.bytes("key_hash")));
    return new Holder(key, r.uuid("run_id"));
  }

  /** Points keys that this transaction claimed at other runs, into which they were coalesced. */
  public void repoint(Tx tx, Map<TaskKey, UUID> runIds) {
    tx.sql(
            """
            update idempotency_keys k
               set run_id = p.run_id
              from unnest(:task_ids::int[], :key_hashes::bytea[], :run_ids::uuid[])
                     as p (task_id, key_hash, run_id)
             cross join lateral (
                     select x.ctid as address
                       from idempotency_keys x
                      where x.environment_id = :environment
                        and x.task_id = p.task_id
                        and x.key_hash = p.key_hash
                      limit 1) as a
             where k.environment_id is not distinct from :environment -- not for an index
               and k.ctid = a.address
            """)
        .ints("task_ids", runIds.keySet(), TaskKey::taskId)
        .bytes("key_hashes", runIds.keySet(), key -> key.hash().bytes())
        .uuids("run_ids", runIds.values())
        .update();
  }

  /** Frees the keys of runs, except keys that another run holds by now. */
  void free(Tx tx, List<UUID> runIds) {
    tx.sql(
            """
            delete from idempotency_keys
             where environment_id is not distinct from :environment -- not for an index
               and ctid = any (array(
                     select k.address
                       from (select r.environment_id, r.task_id, r.run_id,
                                    sha256(convert_to(r.idempotency_key, 'UTF8')) as key_hash
                               from runs r
                              where r.environment_id = :environment
                                and r.run_id = any (:run_ids)
                                and within(r.run_id, :run_ids)
                                and r.idempotency_key is not null
                              order by 2, 4) as r    -- one order for all prevents deadlocks
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
        .updateLater();
  }

  /** Deletes up to {@code max} expired keys. */
  int prune(Tx tx, Instant now, int max) {
    return tx.sql(
            """
            delete from idempotency_keys
             where environment_id is not distinct from :environment -- not for an index
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

  /** Frees a key of a task; returns the run that held it, or {@code null} when it was free. */
  public @Nullable UUID reset(Tx tx, String task, Hash hash) {
    return tx.sql(
            """
            delete from idempotency_keys
             where environment_id = :environment
               and task_id = (select t.task_id
                                from tasks t
                               where t.environment_id = :environment
                                 and t.slug = :task)
               and key_hash = :key_hash
            returning run_id
            """)
        .bind("task", task)
        .bind("key_hash", hash.bytes())
        .first(r -> r.uuid("run_id"));
  }
}

package dev.fanfare.server.trigger;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.text.Hash;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code request_keys}. A request that is sent again, because its response was lost, is
 * answered with the run or batch that it created the first time. The key is stored in the
 * transaction that creates the run or batch, so neither exists without the other.
 */
public final class RequestKeyStore {
  /** How long a repeated request is recognized. */
  public static final Duration LIFE = Duration.ofHours(24);

  private record Answered(Hash hash, UUID id) {}

  /**
   * Claims the key for {@code answerId}. Returns what the first request created, or {@code null} if
   * this is the first. Waits for a concurrent transaction that claims the same key.
   *
   * @param hash identifies the request
   */
  public @Nullable UUID claim(Tx tx, Hash hash, UUID answerId, Instant now) {
    return claim(tx, Map.of(hash, answerId), now).get(hash);
  }

  /** Claims keys, each for its answer; returns the answers of those that were taken before. */
  Map<Hash, UUID> claim(Tx tx, Map<Hash, UUID> answers, Instant now) {
    Set<Hash> taken = new HashSet<>(answers.keySet()); // less those that are claimed now
    tx.sql(
            """
            insert into request_keys (environment_id, key_hash, answer_id, expires_at)
            select :environment, k.key_hash, k.answer_id, :expires_at::timestamptz
              from unnest(:key_hashes::bytea[], :answer_ids::uuid[]) as k (key_hash, answer_id)
             order by k.key_hash               -- one order for all prevents deadlocks
                on conflict (environment_id, key_hash) do update
               set answer_id = excluded.answer_id, expires_at = excluded.expires_at
             where request_keys.expires_at <= :now
            returning key_hash
            """)
        .bind("expires_at", now.plus(LIFE))
        .bytes("key_hashes", answers.keySet(), Hash::bytes)
        .uuids("answer_ids", answers.values())
        .bind("now", now)
        .list(r -> new Hash(r.bytes("key_hash")))
        .forEach(taken::remove);
    Map<Hash, UUID> before = new HashMap<>();
    if (!taken.isEmpty()) {
      tx.sql(
              """
              select key_hash, answer_id
                from request_keys
               where environment_id = :environment
                 and key_hash = any (:key_hashes)
              """)
          .bytes("key_hashes", taken, Hash::bytes)
          .list(RequestKeyStore::answered)
          .forEach(answer -> before.put(answer.hash(), answer.id()));
    }
    return before;
  }

  private static Answered answered(Row r) throws SQLException {
    return new Answered(new Hash(r.bytes("key_hash")), r.uuid("answer_id"));
  }

  /** Points a key that this transaction claimed at an older run or batch. */
  public void repoint(Tx tx, Hash hash, UUID answerId) {
    tx.sql(
            """
            update request_keys
               set answer_id = :answer_id
             where environment_id = :environment
               and key_hash = :key_hash
            """)
        .bind("answer_id", answerId)
        .bind("key_hash", hash.bytes())
        .update();
  }

  /** Deletes up to {@code max} expired keys. */
  int prune(Tx tx, Instant now, int max) {
    return tx.sql(
            """
            delete from request_keys
             where environment_id = :environment
               and key_hash = any (array(
                     select key_hash
                       from request_keys
                      where environment_id = :environment
                        and expires_at <= :now
                      limit :max
                        for update skip locked))
            """)
        .bind("now", now)
        .bind("max", max)
        .update();
  }
}

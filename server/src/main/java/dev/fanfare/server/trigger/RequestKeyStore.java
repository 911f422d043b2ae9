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
 * SQL of {@code request_keys}: a request that a client sends again because the answer was lost is
 * answered with what it made the first time. The key is written in the transaction that made it, so
 * there is no moment in which one exists without the other.
 */
public final class RequestKeyStore {
  /** How long a request can be repeated. */
  public static final Duration LIFE = Duration.ofHours(24);

  private record Answered(Hash hash, UUID id) {}

  /**
   * Takes the key for {@code answerId} and returns what the first sending made, or {@code null}
   * when this is the first. Waits for a first sending that is still at work.
   *
   * @param hash of the header and the tasks of the request
   */
  public @Nullable UUID claim(Tx tx, Hash hash, UUID answerId, Instant now) {
    return claim(tx, Map.of(hash, answerId), now).get(hash);
  }

  /** Takes many keys, each for its answer, and returns the answers of those that were taken. */
  Map<Hash, UUID> claim(Tx tx, Map<Hash, UUID> answers, Instant now) {
    Set<Hash> taken = new HashSet<>(answers.keySet());
    tx.sql(
            """
            insert into request_keys (environment_id, key_hash, answer_id, expires_at)
            select :environment, k.key_hash, k.answer_id, :expires_at::timestamptz
              from unnest(:hashes::bytea[], :answers::uuid[]) as k (key_hash, answer_id)
             order by k.key_hash               -- one order for all prevents deadlocks
                on conflict (environment_id, key_hash) do update
               set answer_id = excluded.answer_id, expires_at = excluded.expires_at
             where request_keys.expires_at <= :now
            returning key_hash
            """)
        .bind("expires_at", now.plus(LIFE))
        .bytes("hashes", answers.keySet(), Hash::bytes)
        .uuids("answers", answers.values())
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
                 and key_hash = any (:hashes)
              """)
          .bytes("hashes", taken, Hash::bytes)
          .list(RequestKeyStore::answered)
          .forEach(answer -> before.put(answer.hash(), answer.id()));
    }
    return before;
  }

  private static Answered answered(Row r) throws SQLException {
    return new Answered(new Hash(r.bytes("key_hash")), r.uuid("answer_id"));
  }

  /** The request that just took this key is answered by something older, and will be again. */
  public void answer(Tx tx, Hash hash, UUID answerId) {
    tx.sql(
            """
            update request_keys
               set answer_id = :answer_id
             where environment_id = :environment
               and key_hash = :hash
            """)
        .bind("answer_id", answerId)
        .bind("hash", hash.bytes())
        .update();
  }

  /** Forgets up to {@code max} keys whose time is over. */
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

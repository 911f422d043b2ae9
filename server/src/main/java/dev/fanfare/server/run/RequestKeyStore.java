package dev.fanfare.server.run;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
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

  private record Answer(Hash hash, UUID id) {}

  /**
   * Takes the key for {@code answerId} and returns what the first sending made, or {@code null}
   * when this is the first. Waits for a first sending that is still at work.
   *
   * @param hash of the header and the tasks of the request
   */
  public @Nullable UUID claim(Tx tx, int environmentId, Hash hash, UUID answerId, Instant now) {
    return claim(tx, environmentId, Map.of(hash, answerId), now).get(hash);
  }

  /** Takes many keys, each for its answer, and returns the answers of those that were taken. */
  Map<Hash, UUID> claim(Tx tx, int environmentId, Map<Hash, UUID> answers, Instant now) {
    byte[][] hashes = answers.keySet().stream().map(Hash::bytes).toArray(byte[][]::new);
    Set<Hash> taken = new HashSet<>(answers.keySet());
    tx.list(
            """
            insert into request_keys (environment_id, key_hash, answer_id, expires_at)
            select ?, k.key_hash, k.answer_id, ?::timestamptz
              from unnest(?::bytea[], ?::uuid[]) as k (key_hash, answer_id)
             order by k.key_hash               -- one order for all, so that no two wait in a ring
                on conflict (environment_id, key_hash) do update
               set answer_id = excluded.answer_id, expires_at = excluded.expires_at
             where request_keys.expires_at <= ?
            returning key_hash
            """,
            r -> new Hash(r.bytes("key_hash")),
            environmentId,
            now.plus(LIFE),
            hashes,
            answers.values().toArray(UUID[]::new),
            now)
        .forEach(taken::remove);
    Map<Hash, UUID> before = new HashMap<>();
    if (!taken.isEmpty()) {
      tx.list(
              """
              select key_hash, answer_id
                from request_keys
               where environment_id = ?
                 and key_hash = any (?)
              """,
              RequestKeyStore::answer,
              environmentId,
              taken.stream().map(Hash::bytes).toArray(byte[][]::new))
          .forEach(answer -> before.put(answer.hash(), answer.id()));
    }
    return before;
  }

  private static Answer answer(Row r) throws SQLException {
    return new Answer(new Hash(r.bytes("key_hash")), r.uuid("answer_id"));
  }

  /** The request that just took this key is answered by something older, and will be again. */
  public void answer(Tx tx, int environmentId, Hash hash, UUID answerId) {
    tx.update(
        """
        update request_keys
           set answer_id = ?
         where environment_id = ?
           and key_hash = ?
        """,
        answerId,
        environmentId,
        hash.bytes());
  }

  /** Forgets up to {@code max} keys whose time is over. */
  int prune(Tx tx, int environmentId, Instant now, int max) {
    return tx.update(
        """
        delete from request_keys
         where environment_id = ?
           and key_hash = any (array(
                 select key_hash
                   from request_keys
                  where environment_id = ?
                    and expires_at <= ?
                  limit ?
                    for update skip locked))
        """,
        environmentId,
        environmentId,
        now,
        max);
  }
}

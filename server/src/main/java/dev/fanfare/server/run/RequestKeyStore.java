package dev.fanfare.server.run;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

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
   * Takes the key for {@code answerId} and returns who has it: {@code answerId} itself, or what the
   * first sending made. Waits for a first sending that is still at work.
   *
   * @param hash of the header and the tasks of the request
   */
  public UUID claim(Tx tx, int environmentId, Hash hash, UUID answerId, Instant now) {
    return Objects.requireNonNull(claim(tx, environmentId, Map.of(hash, answerId), now).get(hash));
  }

  /** Takes many keys, each for its answer, and returns who has each. */
  Map<Hash, UUID> claim(Tx tx, int environmentId, Map<Hash, UUID> answers, Instant now) {
    byte[][] hashes = answers.keySet().stream().map(Hash::bytes).toArray(byte[][]::new);
    Map<Hash, UUID> holders = new HashMap<>();
    tx.list(
            """
            insert into request_keys (environment_id, key_hash, answer_id, expires_at)
            select ?, k.key_hash, k.answer_id, ?::timestamptz
              from unnest(?::bytea[], ?::uuid[]) as k (key_hash, answer_id)
             order by k.key_hash               -- one order for all, so that no two wait in a ring
                on conflict (environment_id, key_hash) do update
               set answer_id = excluded.answer_id, expires_at = excluded.expires_at
             where request_keys.expires_at <= ?
            returning key_hash, answer_id
            """,
            RequestKeyStore::answer,
            environmentId,
            now.plus(LIFE),
            hashes,
            answers.values().toArray(UUID[]::new),
            now)
        .forEach(won -> holders.put(won.hash(), won.id()));
    if (holders.size() < answers.size()) {
      tx.list(
              """
              select key_hash, answer_id
                from request_keys
               where environment_id = ?
                 and key_hash = any (?)
              """,
              RequestKeyStore::answer,
              environmentId,
              hashes)
          .forEach(held -> holders.put(held.hash(), held.id()));
    }
    return holders;
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

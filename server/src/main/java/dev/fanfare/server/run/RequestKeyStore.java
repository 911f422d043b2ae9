package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.time.Instant;
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

  /**
   * Takes the key for {@code answerId} and returns who has it: {@code answerId} itself, or what the
   * first sending made. Waits for a first sending that is still at work.
   *
   * @param hash of the header and the tasks of the request
   */
  public UUID claim(Tx tx, int environmentId, Hash hash, UUID answerId, Instant now) {
    UUID won =
        tx.first(
            """
            insert into request_keys (environment_id, key_hash, answer_id, expires_at)
            values (?, ?, ?, ?)
                on conflict (environment_id, key_hash) do update
               set answer_id = excluded.answer_id, expires_at = excluded.expires_at
             where request_keys.expires_at <= ?
            returning answer_id
            """,
            r -> r.uuid("answer_id"),
            environmentId,
            hash.bytes(),
            answerId,
            now.plus(LIFE),
            now);
    if (won != null) {
      return won;
    }
    return Objects.requireNonNull(
        tx.first(
            """
            select answer_id
              from request_keys
             where environment_id = ?
               and key_hash = ?
            """,
            r -> r.uuid("answer_id"),
            environmentId,
            hash.bytes()));
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

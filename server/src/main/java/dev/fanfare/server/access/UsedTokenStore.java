package dev.fanfare.server.access;

import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code used_tokens}. A one-time token is used up in the transaction that stores what it
 * triggers, so that neither exists without the other. What an older run or batch answers uses up
 * nothing.
 */
public final class UsedTokenStore {
  /** The server's clock ends a token and the database's prunes it: they may differ. */
  private static final Duration MARGIN = Duration.ofDays(1);

  /** What PostgreSQL can still write; a token may claim to live longer. */
  private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");

  /**
   * Uses up a token, or ends the request with 422 when it was used before.
   *
   * @param token absent: nothing to do
   * @param what the token does, for the text: {@code batch trigger}, {@code create batch}
   */
  public void spend(Tx tx, int environmentId, @Nullable OneTimeToken token, String what) {
    if (token != null && !spend(tx, environmentId, List.of(token)).isEmpty()) {
      throw OneTimeToken.alreadyUsed(what);
    }
  }

  /** Uses up many tokens, no two the same, and returns those that were used before. */
  public Set<OneTimeToken> spend(Tx tx, int environmentId, Collection<OneTimeToken> tokens) {
    List<String> fresh =
        tx.list(
            """
            insert into used_tokens (environment_id, token_hash, expires_at)
            select ?, t.token_hash, to_timestamp(t.expires_seconds)
              from unnest(?::bytea[], ?::int8[]) as t (token_hash, expires_seconds)
             order by t.token_hash             -- one order for all, so that no two wait in a ring
                on conflict (environment_id, token_hash) do nothing
            returning token_hash
            """,
            r -> HexFormat.of().formatHex(r.bytes("token_hash")),
            environmentId,
            tokens.stream().map(t -> HexFormat.of().parseHex(t.hash())).toArray(byte[][]::new),
            tokens.stream().mapToLong(t -> forgottenAt(t).getEpochSecond()).toArray());
    Set<OneTimeToken> before = new HashSet<>(tokens);
    before.removeIf(token -> fresh.contains(token.hash()));
    return before;
  }

  private static Instant forgottenAt(OneTimeToken token) {
    return token.expiresAt().isAfter(LATEST) ? LATEST : token.expiresAt().plus(MARGIN);
  }

  /** Forgets up to {@code max} tokens that have ended. */
  public int prune(Tx tx, int environmentId, Instant now, int max) {
    return tx.update(
        """
        delete from used_tokens
         where environment_id = ?
           and token_hash = any (array(
                 select token_hash
                   from used_tokens
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

package dev.fanfare.server.access;

import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * SQL of {@code used_tokens}. A one-time token is used up in the transaction that stores what it
 * triggers, so that neither is stored without the other. A trigger that returns an existing run or
 * batch does not use up its token.
 */
public final class UsedTokenStore {
  /** When the first token of each environment expires. */
  static final String DUE =
      """
      select e.environment_id, d.expires_at as at
        from environments e
       cross join lateral (
               select x.expires_at
                 from used_tokens x
                where x.environment_id = e.environment_id
                order by x.expires_at
                limit 1) as d
      """;

  /** Tokens expire by the server's clock and are pruned by the database's, which may differ. */
  private static final Duration MARGIN = Duration.ofDays(1);

  /** Uses up a token. Returns false when it was used before. */
  public boolean spend(Tx tx, OneTimeToken token) {
    return spend(tx, List.of(token)).isEmpty();
  }

  /** Uses up distinct tokens, and returns those that were used before. */
  public Set<OneTimeToken> spend(Tx tx, Collection<OneTimeToken> tokens) {
    List<String> fresh =
        tx.sql(
                """
                insert into used_tokens (environment_id, token_hash, expires_at)
                select :environment, t.token_hash, to_timestamp(t.expires_seconds)
                  from unnest(:hashes::bytea[], :expires_seconds::int8[])
                       as t (token_hash, expires_seconds)
                 order by t.token_hash             -- one order for all prevents deadlocks
                    on conflict (environment_id, token_hash) do nothing
                returning token_hash
                """)
            .bytes("hashes", tokens, t -> HexFormat.of().parseHex(t.hash()))
            .longs("expires_seconds", tokens, t -> t.expiresAt().plus(MARGIN).getEpochSecond())
            .list(r -> HexFormat.of().formatHex(r.bytes("token_hash")));
    Set<OneTimeToken> before = new HashSet<>(tokens);
    before.removeIf(token -> fresh.contains(token.hash()));
    return before;
  }

  /** Deletes up to {@code max} records of expired tokens; returns how many. */
  public int prune(Tx tx, Instant now, int max) {
    return tx.sql(
            """
            delete from used_tokens
             where environment_id = :environment
               and token_hash = any (array(
                     select token_hash
                       from used_tokens
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

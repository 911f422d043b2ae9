package dev.fanfare.server.trigger;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Statement;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.text.Hash;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code request_keys}. A request that is sent again, because its response was lost, is
 * answered with the run or batch that it created the first time. The key is stored in the
 * transaction that creates the run or batch, so neither exists without the other.
 */
public final class RequestKeyStore {
  /** When the first key of each environment expires. */
  static final String DUE =
      """
      select e.environment_id, d.expires_at as at
        from environments e
       cross join lateral (
               select x.expires_at
                 from request_keys x
                where x.environment_id = e.environment_id
                order by x.expires_at
                limit 1) as d
      """;

  /**
   * How long a repeated request is recognized. Every call of an SDK has a key of its own, so this
   * also decides how many rows there are. Clients repeat a request for seconds, at most minutes.
   */
  public static final Duration LIFE = Duration.ofHours(1);

  /**
   * What a request was answered with.
   *
   * @param id the run or batch
   * @param cached whether an older request had created it
   * @param cachedItems the indexes of the items of a new batch that older runs answered
   */
  public record Answer(UUID id, boolean cached, List<Integer> cachedItems) {
    /** An answer that the request created. */
    public static Answer created(UUID id) {
      return new Answer(id, false, List.of());
    }

    /** An answer that an older request created. */
    public static Answer older(UUID id) {
      return new Answer(id, true, List.of());
    }
  }

  private record Answered(Hash hash, Answer answer) {}

  private static final String INSERT =
      """
      insert into request_keys (environment_id, key_hash, answer_id, expires_at)
      select :environment, k.key_hash, k.answer_id, :expires_at::timestamptz
        from unnest(:key_hashes::bytea[], :answer_ids::uuid[]) as k (key_hash, answer_id)
       order by k.key_hash               -- one order for all prevents deadlocks
      """;

  private static final String REPLACE_EXPIRED =
      """
          on conflict (environment_id, key_hash) do update
         set answer_id = excluded.answer_id, expires_at = excluded.expires_at,
             cached = false, cached_items = null
       where request_keys.expires_at <= :now
      returning key_hash
      """;

  /**
   * Claims the key for {@code answerId}, which the request is about to create. Returns the answer
   * to the first request, or {@code null} if this is the first, as far as it knows; see {@link
   * #claim(Tx, Map, Instant)}. Waits for a concurrent transaction that claims the same key.
   *
   * @param hash identifies the request
   */
  public @Nullable Answer claim(Tx tx, Hash hash, UUID answerId, Instant now) {
    return claim(tx, Map.of(hash, answerId), now).get(hash);
  }

  /**
   * Claims keys, each for its answer; returns the answers of those that were taken before.
   *
   * <p>Few requests are repeated, so the first try of a transaction inserts the keys later, without
   * a round trip of its own. If one exists, the next round trip fails, whatever it is for; then the
   * transaction begins again, and this looks.
   */
  Map<Hash, Answer> claim(Tx tx, Map<Hash, UUID> answers, Instant now) {
    if (!tx.isRepeated()) {
      bind(tx.sql(INSERT), answers, now).updateLater();
      return Map.of();
    }
    Set<Hash> taken = new HashSet<>(answers.keySet()); // less those that are claimed now
    bind(tx.sql(INSERT + REPLACE_EXPIRED), answers, now)
        .bind("now", now)
        .list(r -> new Hash(r.bytes("key_hash")))
        .forEach(taken::remove);
    Map<Hash, Answer> before = new HashMap<>();
    if (!taken.isEmpty()) {
      tx.sql(
              """
              select key_hash, answer_id, cached, coalesce(cached_items, '{}') as cached_items
                from request_keys
               where environment_id = :environment
                 and key_hash = any (:key_hashes)
              """)
          .bytes("key_hashes", taken, Hash::bytes)
          .list(RequestKeyStore::answered)
          .forEach(answered -> before.put(answered.hash(), answered.answer()));
    }
    return before;
  }

  private static Statement bind(Statement insert, Map<Hash, UUID> answers, Instant now) {
    return insert
        .bind("expires_at", now.plus(LIFE))
        .bytes("key_hashes", answers.keySet(), Hash::bytes)
        .uuids("answer_ids", answers.values());
  }

  private static Answered answered(Row r) throws SQLException {
    return new Answered(
        new Hash(r.bytes("key_hash")),
        new Answer(r.uuid("answer_id"), r.flag("cached"), r.integers("cached_items")));
  }

  /** Changes the answer of a key that this transaction claimed. */
  public void change(Tx tx, Hash hash, Answer answer) {
    change(tx, Map.of(hash, answer));
  }

  /** Changes the answers of keys that this transaction claimed. */
  void change(Tx tx, Map<Hash, Answer> answers) {
    tx.sql(
            """
            update request_keys k
               set answer_id = a.answer_id, cached = a.cached,
                   cached_items = a.cached_items::int[]
              from unnest(:key_hashes::bytea[], :answer_ids::uuid[], :cached_flags::bool[],
                          :cached_items::text[])
                   as a (key_hash, answer_id, cached, cached_items)
             where k.environment_id = :environment
               and k.key_hash = a.key_hash
               and k.key_hash = any (:key_hashes)
            """)
        .bytes("key_hashes", answers.keySet(), Hash::bytes)
        .uuids("answer_ids", answers.values(), Answer::id)
        .flags("cached_flags", answers.values(), Answer::cached)
        .texts("cached_items", answers.values(), RequestKeyStore::arrayLiteral)
        .update();
  }

  /** An array as its literal, because unnest would flatten an array of arrays. */
  private static @Nullable String arrayLiteral(Answer answer) {
    return answer.cachedItems().isEmpty()
        ? null
        : answer.cachedItems().stream()
            .map(String::valueOf)
            .collect(Collectors.joining(",", "{", "}"));
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

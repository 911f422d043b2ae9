package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.text.Hash;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;

/** SQL of {@code batches} and {@code batch_keys}. */
final class BatchStore {
  /** When the first key of each environment expires. */
  static final String DUE =
      """
      select e.environment_id, d.expires_at as at
        from environments e
       cross join lateral (
               select x.expires_at
                 from batch_keys x
                where x.environment_id = e.environment_id
                order by x.expires_at
                limit 1) as d
      """;

  private static final TypeReference<List<ItemError>> ERRORS = new TypeReference<>() {};

  /** Inserts a sealed batch, after its runs. It is COMPLETED if it has no open run. */
  void insert(
      Tx tx,
      UUID batchId,
      RunRanges runIds,
      int openRuns,
      @Nullable String idempotencyKey,
      Instant createdAt) {
    tx.sql(
            """
            insert into batches
                   (environment_id, batch_id, status, open_runs, item_count, first_ids,
                    last_ids, idempotency_key, created_at, sealed_at, completed_at)
            select :environment, :batch_id,
                   case when b.open_runs = 0 then 'COMPLETED' else 'PENDING' end::batch_status,
                   b.open_runs, :item_count, :first_ids, :last_ids,
                   :idempotency_key, b.created_at, b.created_at,
                   case when b.open_runs = 0 then b.created_at end
              from (select :open_runs::int as open_runs, :created_at::timestamptz as created_at)
                   as b
            """)
        .bind("batch_id", batchId)
        .bind("open_runs", openRuns)
        .bind("item_count", runIds.size())
        .uuids("first_ids", runIds.firstIds())
        .uuids("last_ids", runIds.lastIds())
        .bind("idempotency_key", idempotencyKey)
        .bind("created_at", createdAt)
        .updateLater();
  }

  /**
   * Claims the key for {@code batchId} and returns its holder: this batch or an older one. {@code
   * on conflict} locks the key even when it leaves it unchanged, so the second statement finds it.
   */
  UUID claimKey(Tx tx, Hash hash, UUID batchId, Instant now, Instant expiresAt) {
    UUID claimed =
        tx.sql(
                """
                insert into batch_keys (environment_id, key_hash, batch_id, expires_at)
                values (:environment, :key_hash, :batch_id, :expires_at)
                    on conflict (environment_id, key_hash) do update
                   set batch_id = excluded.batch_id, expires_at = excluded.expires_at
                 where batch_keys.expires_at <= :now
                returning batch_id
                """)
            .bind("key_hash", hash.bytes())
            .bind("batch_id", batchId)
            .bind("expires_at", expiresAt)
            .bind("now", now)
            .first(r -> r.uuid("batch_id"));
    if (claimed != null) {
      return claimed;
    }
    return Objects.requireNonNull(
        tx.sql(
                """
                select batch_id
                  from batch_keys
                 where environment_id = :environment
                   and key_hash = :key_hash
                """)
            .bind("key_hash", hash.bytes())
            .first(r -> r.uuid("batch_id")));
  }

  /** Gives a key that this transaction has locked, by {@link #claimKey}, to another batch. */
  void takeKey(Tx tx, Hash hash, UUID batchId, Instant expiresAt) {
    tx.sql(
            """
            update batch_keys
               set batch_id = :batch_id, expires_at = :expires_at
             where environment_id = :environment
               and key_hash = :key_hash
            """)
        .bind("batch_id", batchId)
        .bind("expires_at", expiresAt)
        .bind("key_hash", hash.bytes())
        .update();
  }

  /** The batch, or {@code null} when the environment has no such batch. */
  @Nullable Batch find(Tx tx, UUID batchId) {
    return find(tx, batchId, Integer.MAX_VALUE);
  }

  /** As {@link #find(Tx, UUID)}; without run ids if they are in more ranges than {@code max}. */
  @Nullable Batch find(Tx tx, UUID batchId, int max) {
    return tx.sql(
            """
            select batch_id, status, item_count, stored_items,
                   case when cardinality(first_ids) <= :max then first_ids else '{}' end
                     as first_ids,
                   case when cardinality(first_ids) <= :max then coalesce(last_ids, first_ids)
                        else '{}' end as last_ids,
                   errors, failed_items, idempotency_key, announced, created_at, sealed_at,
                   completed_at
              from batches
             where environment_id = :environment
               and batch_id = :batch_id
               and within(batch_id, :batch_id)
            """)
        .bind("batch_id", batchId)
        .bind("max", max)
        .first(BatchStore::batch);
  }

  /** In how many ranges the run ids of a batch are; an empty list if there is no such batch. */
  Later<List<Integer>> rangesLater(Tx tx, UUID batchId) {
    return tx.sql(
            """
            select cardinality(first_ids) as ranges
              from batches
             where environment_id = :environment
               and batch_id = :batch_id
               and within(batch_id, :batch_id)
            """)
        .bind("batch_id", batchId)
        .listLater(r -> r.integer("ranges"));
  }

  private static Batch batch(Row r) throws SQLException {
    String errors = r.textOrNull("errors");
    Instant createdAt = r.instant("created_at");
    Instant sealedAt = r.instantOrNull("sealed_at");
    Instant completedAt = r.instantOrNull("completed_at");
    // The servers' clocks date creation and seal, the database's the completion. They may differ.
    Instant begin = sealedAt == null ? createdAt : later(createdAt, sealedAt);
    List<ItemError> listed =
        errors == null ? List.of() : WireJson.mapper().readValue(errors, ERRORS);
    return new Batch(
        r.uuid("batch_id"),
        BatchStatus.valueOf(r.text("status")),
        r.integer("item_count"),
        r.integer("stored_items"),
        RunRanges.of(r.uuids("first_ids"), r.uuids("last_ids")),
        listed,
        Objects.requireNonNullElse(r.integerOrNull("failed_items"), listed.size()),
        r.textOrNull("idempotency_key"),
        r.flag("announced"),
        createdAt,
        sealedAt == null ? null : begin,
        completedAt == null ? null : later(begin, completedAt));
  }

  private static Instant later(Instant a, Instant b) {
    return a.isBefore(b) ? b : a;
  }

  /**
   * An item of a stored batch, as if its run was created for it.
   *
   * @param index its position in the batch, from 0
   */
  record StoredItem(int index, TriggeredBatch.Item item) {}

  /**
   * The items of a batch with their runs, in item order. Omits items whose runs were dropped: a
   * batch with a run that is not final outlives its other runs.
   */
  List<StoredItem> items(Tx tx, List<UUID> runIds) {
    return tx.sql(
            """
            select (i.n - 1)::int as index, r.run_id, t.slug, r.idempotency_key
              from unnest(:run_ids::uuid[]) with ordinality as i (run_id, n)
             cross join lateral (
                     select x.environment_id, x.run_id, x.task_id, x.idempotency_key
                       from runs x
                      where x.environment_id = :environment
                        and x.run_id = i.run_id
                        and within(x.run_id, :run_ids)
                      limit 1) as r
              join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
             order by i.n
            """)
        .uuids("run_ids", runIds)
        .list(r ->
            new StoredItem(
                r.integer("index"),
                new TriggeredBatch.Item(
                    r.uuid("run_id"), r.text("slug"), false, r.textOrNull("idempotency_key"))));
  }

  /**
   * Subtracts ended runs from the open runs of their batches, and completes the batches that have
   * none left. One statement for any number of batches.
   *
   * <p>A batch completes at the time of the statement. The transaction may have begun before other
   * runs of the batch ended, whose transactions it waited for.
   */
  void countEnded(Tx tx, Map<UUID, Integer> endedByBatch) {
    tx.sql(
            """
            with ended as materialized (
              select b.batch_id, e.n
                from unnest(:batch_ids::uuid[], :counts::int[]) as e (batch_id, n)
                join batches b on b.environment_id = :environment
                              and b.batch_id = e.batch_id
                              and b.batch_id = any (:batch_ids)
                              and within(b.batch_id, :batch_ids)
               order by b.batch_id                 -- one order for all prevents deadlocks
                 for update of b
            )
            update batches b
               set open_runs    = b.open_runs - e.n,
                   status       = case when b.open_runs = e.n and b.status in ('PENDING', 'PROCESSING')
                                       then 'COMPLETED' else b.status end,
                   completed_at = case when b.open_runs = e.n then clock_timestamp() end
              from ended e
             where b.environment_id = :environment
               and b.batch_id = e.batch_id
               and b.batch_id = any (:batch_ids)
               and within(b.batch_id, :batch_ids)
            """)
        .uuids("batch_ids", endedByBatch.keySet())
        .ints("counts", endedByBatch.values())
        .updateLater();
  }

  /** Deletes up to {@code max} expired keys. */
  int pruneKeys(Tx tx, Instant now, int max) {
    return tx.sql(
            """
            delete from batch_keys
             where environment_id = :environment
               and key_hash = any (array(
                     select key_hash
                       from batch_keys
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

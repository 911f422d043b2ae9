package dev.fanfare.server.batch;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.Hash;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;

/** SQL of {@code batches} and {@code batch_keys}. */
final class BatchStore {
  private static final TypeReference<List<ItemError>> ERRORS = new TypeReference<>() {};

  /** Stores a batch whose runs are stored; with no run of its own left open it is complete. */
  void insert(
      Tx tx,
      int environmentId,
      UUID batchId,
      List<UUID> runIds,
      int openRuns,
      @Nullable String key,
      Instant createdAt) {
    tx.update(
        """
        insert into batches
               (environment_id, batch_id, status, open_runs, item_count, run_ids,
                idempotency_key, created_at, sealed_at, completed_at)
        select ?, ?, case when b.open = 0 then 'COMPLETED' else 'PENDING' end::batch_status,
               b.open, ?, ?, ?, b.created_at, b.created_at,
               case when b.open = 0 then b.created_at end
          from (select ?::int as open, ?::timestamptz as created_at) as b
        """,
        environmentId,
        batchId,
        runIds.size(),
        runIds.toArray(UUID[]::new),
        key,
        openRuns,
        createdAt);
  }

  /**
   * Takes the key for {@code batchId} and returns which batch has it, this one or an older one. A
   * key that is not taken is locked all the same, so it cannot be forgotten before it is read.
   */
  UUID claimKey(Tx tx, int environmentId, Hash hash, UUID batchId, Instant now, Instant expiresAt) {
    UUID won =
        tx.first(
            """
            insert into batch_keys (environment_id, key_hash, batch_id, expires_at)
            values (?, ?, ?, ?)
                on conflict (environment_id, key_hash) do update
               set batch_id = excluded.batch_id, expires_at = excluded.expires_at
             where batch_keys.expires_at <= ?
            returning batch_id
            """,
            r -> r.uuid("batch_id"),
            environmentId,
            hash.bytes(),
            batchId,
            expiresAt,
            now);
    if (won != null) {
      return won;
    }
    return Objects.requireNonNull(
        tx.first(
            """
            select batch_id
              from batch_keys
             where environment_id = ?
               and key_hash = ?
            """,
            r -> r.uuid("batch_id"),
            environmentId,
            hash.bytes()));
  }

  @Nullable Batch find(Tx tx, int environmentId, UUID batchId) {
    return tx.first(
        """
        select batch_id, status, item_count, run_ids, errors, idempotency_key, created_at,
               sealed_at, completed_at
          from batches
         where environment_id = ?
           and batch_id = ?
        """,
        BatchStore::batch,
        environmentId,
        batchId);
  }

  private static Batch batch(Row r) throws SQLException {
    String errors = r.textOrNull("errors");
    return new Batch(
        r.uuid("batch_id"),
        BatchStatus.valueOf(r.text("status")),
        r.integer("item_count"),
        r.uuids("run_ids"),
        errors == null ? List.of() : WireJson.mapper().readValue(errors, ERRORS),
        r.textOrNull("idempotency_key"),
        r.instant("created_at"),
        r.instantOrNull("sealed_at"),
        r.instantOrNull("completed_at"));
  }

  /** The items of a stored batch, in item order. */
  List<TriggeredBatch.Item> items(Tx tx, int environmentId, UUID batchId) {
    return tx.list(
        """
        select r.run_id, t.slug, r.batch_id is distinct from b.batch_id as cached,
               r.idempotency_key
          from batches b
         cross join unnest(b.run_ids) with ordinality as i (run_id, n)
         cross join lateral (
                 select x.*
                   from runs x
                  where x.environment_id = b.environment_id
                    and x.run_id = i.run_id
                  limit 1) as r
          join tasks t on t.environment_id = r.environment_id and t.task_id = r.task_id
         where b.environment_id = ?
           and b.batch_id = ?
         order by i.n
        """,
        r ->
            new TriggeredBatch.Item(
                r.uuid("run_id"),
                r.text("slug"),
                r.flag("cached"),
                r.textOrNull("idempotency_key")),
        environmentId,
        batchId);
  }

  /**
   * Counts runs that ended: one update for each batch, however many of its runs end together.
   * Batches are locked in one order, so that two groups of endings never wait in a ring.
   */
  void countEnded(Tx tx, int environmentId, Map<UUID, Integer> endedByBatch) {
    Map<UUID, Integer> ordered = new TreeMap<>(endedByBatch);
    UUID[] batchIds = ordered.keySet().toArray(UUID[]::new);
    tx.update(
        """
        with ended as materialized (
          select b.batch_id, e.n
            from unnest(?::uuid[], ?::int[]) as e (batch_id, n)
            join batches b on b.environment_id = ?
                          and b.batch_id = e.batch_id
                          and b.batch_id = any (?)
           order by b.batch_id
             for update of b
        )
        update batches b
           set open_runs    = b.open_runs - e.n,
               status       = case when b.open_runs = e.n and b.status in ('PENDING', 'PROCESSING')
                                   then 'COMPLETED' else b.status end,
               completed_at = case when b.open_runs = e.n then now() end
          from ended e
         where b.environment_id = ?
           and b.batch_id = e.batch_id
           and b.batch_id = any (?)
        """,
        batchIds,
        ordered.values().stream().mapToInt(Integer::intValue).toArray(),
        environmentId,
        batchIds,
        environmentId,
        batchIds);
  }

  /** Forgets up to {@code max} keys whose time is over. */
  int pruneKeys(Tx tx, int environmentId, Instant now, int max) {
    return tx.update(
        """
        delete from batch_keys
         where environment_id = ?
           and key_hash = any (array(
                 select key_hash
                   from batch_keys
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

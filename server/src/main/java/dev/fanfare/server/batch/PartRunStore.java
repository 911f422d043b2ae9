package dev.fanfare.server.batch;

import dev.fanfare.server.db.Statement;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.FreshRunStore;
import dev.fanfare.server.run.Lineage;
import dev.fanfare.server.run.Source;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL that makes runs of the items in {@code batch_parts}, and queues them. The items do not leave
 * the database. The ids of the runs follow each other, so they are computed there: the first half
 * of an id is a text, and the second a number.
 */
final class PartRunStore {
  /**
   * What the runs of a batch have in common.
   *
   * @param firstId the id of the run of item 0
   * @param lineage absent: no parent
   * @param resumesParent absent: no parent
   * @param ttlMax the maximum time to live of any run; absent: without limit
   */
  record Origin(
      UUID batchId,
      UUID firstId,
      Source source,
      Instant now,
      @Nullable Lineage lineage,
      @Nullable Boolean resumesParent,
      @Nullable Duration ttlMax) {}

  /**
   * Creates and queues the runs of the parts that begin in a range of indexes, later. Their lanes
   * must be in use.
   */
  void create(Tx tx, Origin origin, PartRange range) {
    insertRuns(tx, origin, range);
    if (range.hasTags()) {
      insertTags(tx, origin, range);
    }
    if (range.hasMetadata()) {
      insertMetadata(tx, origin, range);
    }
    insertReady(tx, origin, range);
    insertExpiries(tx, origin, range);
  }

  /**
   * Parts that follow each other.
   *
   * @param from the index of the first item
   * @param end the index after the last item
   */
  record PartRange(int from, int end, boolean hasTags, boolean hasMetadata) {}

  private static void insertRuns(Tx tx, Origin origin, PartRange range) {
    Lineage lineage = origin.lineage();
    int inserted =
        bind(
                tx.sql(
                    """
                    insert into runs
                           (environment_id, batch_id, source, created_at,
                            run_id, task_id, queue_id, concurrency_key, version_id, lane_id, rank,
                            batch_index, payload, payload_type, tags,
                            max_attempts, max_duration_ms, options, is_test, ttl_ms,
                            parent_run_id, root_run_id, depth, resumes_parent)
                    select :environment, p.batch_id, :source::trigger_source, :created_at::timestamptz,
                           (:id_head || to_hex(:id_tail::int8 + p.first_index + i.n - 1))::uuid,
                           l.task_id, l.queue_id, nullif(l.concurrency_key, ''),
                           nullif(l.version_id, 0), p.lane_id, :rank::int8 + p.first_index + i.n - 1,
                           p.first_index + i.n - 1, i.payload, i.payload_type, i.tags::text[],
                           i.max_attempts, i.max_duration_ms, i.options, i.is_test is true,
                           least(t.ttl_ms, :ttl_max_ms::int8),
                           :parent_run_id::uuid, :root_run_id::uuid, :depth::int,
                           :resumes_parent::bool
                      from batch_parts p
                     cross join lateral (
                             select x.task_id, x.queue_id, x.concurrency_key, x.version_id
                               from lanes x
                              where x.environment_id = :environment
                                and x.lane_id = p.lane_id
                              limit 1) as l
                     cross join lateral (
                             select x.ttl_ms
                               from tasks x
                              where x.environment_id = :environment
                                and x.task_id = l.task_id
                              limit 1) as t
                     cross join lateral unnest(p.payloads, p.payload_types, p.tags, p.max_attempts,
                                               p.max_durations_ms, p.options, p.test_flags)
                           with ordinality
                           as i (payload, payload_type, tags, max_attempts, max_duration_ms, options,
                                 is_test, n)
                     where p.environment_id = :environment
                       and p.batch_id = :batch_id
                       and p.first_index >= :from_index
                       and p.first_index < :end_index
                     order by p.first_index
                    """),
                origin,
                range)
            .bind("source", origin.source().name())
            .bind("created_at", origin.now())
            .bind("rank", rank(origin))
            .bind("ttl_max_ms", millis(origin.ttlMax()))
            .bind("parent_run_id", lineage == null ? null : lineage.parentId())
            .bind("root_run_id", lineage == null ? null : lineage.rootId())
            .bind("depth", lineage == null ? null : lineage.depth())
            .bind("resumes_parent", lineage == null ? null : origin.resumesParent())
            .update();
    if (inserted != range.end() - range.from()) {
      throw new IllegalStateException(
          "%s items from %s of batch %s make %s runs"
              .formatted(range.end() - range.from(), range.from(), origin.batchId(), inserted));
    }
  }

  private static void insertTags(Tx tx, Origin origin, PartRange range) {
    bind(
            tx.sql(
                """
                insert into run_tags (environment_id, tag, run_id)
                select :environment, t.tag,
                       (:id_head || to_hex(:id_tail::int8 + p.first_index + i.n - 1))::uuid
                  from batch_parts p
                 cross join lateral unnest(p.tags) with ordinality as i (tags, n)
                 cross join lateral unnest(i.tags::text[]) as t (tag)
                 where p.environment_id = :environment
                   and p.batch_id = :batch_id
                   and p.first_index >= :from_index
                   and p.first_index < :end_index
                """),
            origin,
            range)
        .updateLater();
  }

  private static void insertMetadata(Tx tx, Origin origin, PartRange range) {
    bind(
            tx.sql(
                """
                insert into run_metadata (environment_id, run_id, metadata)
                select :environment,
                       (:id_head || to_hex(:id_tail::int8 + p.first_index + i.n - 1))::uuid,
                       i.metadata
                  from batch_parts p
                 cross join lateral unnest(p.metadata) with ordinality as i (metadata, n)
                 where p.environment_id = :environment
                   and p.batch_id = :batch_id
                   and p.first_index >= :from_index
                   and p.first_index < :end_index
                   and i.metadata is not null
                """),
            origin,
            range)
        .updateLater();
  }

  /** Runs with a time to live have entries of their own. */
  private static void insertReady(Tx tx, Origin origin, PartRange range) {
    bind(
            tx.sql(
                """
                insert into ready
                       (environment_id, task_id, version_id, lane_id, rank, last_id, fence,
                        attempt, losses, n, floor_id)
                select :environment, l.task_id, l.version_id, p.lane_id,
                       :rank::int8 + p.first_index + s.i,
                       (:id_head || to_hex(:id_tail::int8 + p.first_index + s.i + e.n - 1))::uuid,
                       0, 0, 0, e.n,
                       case when e.n > 1
                            then (:id_head || to_hex(:id_tail::int8 + p.first_index + s.i - 1))::uuid
                       end
                  from batch_parts p
                 cross join lateral (
                         select x.task_id, x.version_id
                           from lanes x
                          where x.environment_id = :environment
                            and x.lane_id = p.lane_id
                          limit 1) as l
                 cross join lateral (
                         select case when least(x.ttl_ms, :ttl_max_ms::int8) is null
                                     then :runs_max::int else 1 end as runs_max
                           from tasks x
                          where x.environment_id = :environment
                            and x.task_id = l.task_id
                          limit 1) as t
                 cross join lateral generate_series(0, p.n - 1, t.runs_max) as s (i)
                 cross join lateral (select least(t.runs_max, p.n - s.i) as n) as e
                 where p.environment_id = :environment
                   and p.batch_id = :batch_id
                   and p.first_index >= :from_index
                   and p.first_index < :end_index
                 order by p.first_index
                """),
            origin,
            range)
        .bind("rank", rank(origin))
        .bind("runs_max", FreshRunStore.RUNS_MAX)
        .bind("ttl_max_ms", millis(origin.ttlMax()))
        .updateLater();
  }

  private static void insertExpiries(Tx tx, Origin origin, PartRange range) {
    bind(
            tx.sql(
                """
                insert into expiries (environment_id, run_id, expires_at, lane_id, rank)
                select :environment,
                       (:id_head || to_hex(:id_tail::int8 + p.first_index + s.i))::uuid,
                       :now::timestamptz + t.ttl_ms * interval '1 millisecond', p.lane_id,
                       :rank::int8 + p.first_index + s.i
                  from batch_parts p
                 cross join lateral (
                         select x.task_id
                           from lanes x
                          where x.environment_id = :environment
                            and x.lane_id = p.lane_id
                          limit 1) as l
                 cross join lateral (
                         select least(x.ttl_ms, :ttl_max_ms::int8) as ttl_ms
                           from tasks x
                          where x.environment_id = :environment
                            and x.task_id = l.task_id
                          limit 1) as t
                 cross join lateral generate_series(0, p.n - 1) as s (i)
                 where p.environment_id = :environment
                   and p.batch_id = :batch_id
                   and p.first_index >= :from_index
                   and p.first_index < :end_index
                   and t.ttl_ms is not null
                """),
            origin,
            range)
        .bind("now", origin.now())
        .bind("rank", rank(origin))
        .bind("ttl_max_ms", millis(origin.ttlMax()))
        .updateLater();
  }

  private static Statement bind(Statement statement, Origin origin, PartRange range) {
    return statement
        .bind("batch_id", origin.batchId())
        .bind("id_head", HexFormat.of().toHexDigits(origin.firstId().getMostSignificantBits()))
        .bind("id_tail", origin.firstId().getLeastSignificantBits())
        .bind("from_index", range.from())
        .bind("end_index", range.end());
  }

  /** The rank of item 0; those of the others follow. */
  private static long rank(Origin origin) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, origin.now());
  }

  private static @Nullable Long millis(@Nullable Duration span) {
    return span == null ? null : span.toMillis();
  }
}

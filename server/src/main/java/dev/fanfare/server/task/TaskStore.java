package dev.fanfare.server.task;

import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Tx;
import java.util.Collection;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** SQL of {@code tasks}. */
public final class TaskStore {

  /** Returns those of these tasks that exist. */
  public List<Task> find(Tx tx, Collection<String> slugs) {
    return tx.sql(
            """
            select task_id, slug, queue_id, ttl_ms
              from tasks
             where environment_id = :environment
               and slug = any (:slugs)
            """)
        .texts("slugs", slugs)
        .list(r ->
            new Task(
                r.integer("task_id"),
                r.text("slug"),
                r.integer("queue_id"),
                r.millisOrNull("ttl_ms")));
  }

  /**
   * Inserts missing tasks with the default retry policy: a task can be triggered before a worker
   * declares it.
   */
  public void insertMissing(Tx tx, Collection<String> slugs, ToIntFunction<String> queueOf) {
    RetryPolicy retry = RetryPolicy.DEFAULT;
    tx.sql(
            """
            insert into tasks
                   (environment_id, slug, queue_id,
                    max_attempts, retry_min_ms, retry_max_ms, retry_factor, retry_randomize)
            select :environment, t.slug, t.queue_id, :max_attempts, :retry_min_ms, :retry_max_ms,
                   :retry_factor, :retry_randomize
              from unnest(:slugs::text[], :queue_ids::int[]) as t (slug, queue_id)
             order by t.slug                       -- one order for all prevents deadlocks
                on conflict do nothing
            """)
        .bind("max_attempts", retry.maxAttempts())
        .bind("retry_min_ms", retry.minTimeoutMillis())
        .bind("retry_max_ms", retry.maxTimeoutMillis())
        .bind("retry_factor", retry.factor())
        .bind("retry_randomize", retry.randomize())
        .texts("slugs", slugs)
        .ints("queue_ids", slugs, queueOf)
        .update();
  }

  /**
   * A task as a worker declares it.
   *
   * @param maxDurationMillis absent: no limit
   * @param ttlMillis absent: no limit
   */
  public record Declaration(
      String slug,
      int queueId,
      RetryPolicy retry,
      @Nullable Long maxDurationMillis,
      @Nullable Long ttlMillis) {}

  /**
   * Stores tasks as a worker declares them. The latest declaration wins. Stored rows without a
   * change are not written again, so that many workers that declare the same do not wait for each
   * other.
   *
   * @return the tasks
   */
  public List<Task> declare(Tx tx, Collection<Declaration> declarations) {
    tx.sql(
            """
            with declared as materialized (
              select *
                from unnest(:slugs::text[], :queue_ids::int[], :max_attempts::int[],
                            :retry_mins_ms::int8[], :retry_maxs_ms::int8[], :retry_factors::text[],
                            :retry_randomize_flags::bool[], :max_durations_ms::int8[],
                            :ttls_ms::int8[])
                     as d (slug, queue_id, max_attempts, retry_min_ms, retry_max_ms, retry_factor,
                           retry_randomize, max_duration_ms, ttl_ms)
               order by slug                       -- one order for all prevents deadlocks
            ), changed as (
              update tasks t
                 set queue_id        = d.queue_id,
                     registered_at   = coalesce(t.registered_at, now()),
                     max_attempts    = d.max_attempts,
                     retry_min_ms    = d.retry_min_ms,
                     retry_max_ms    = d.retry_max_ms,
                     retry_factor    = d.retry_factor::float8,
                     retry_randomize = d.retry_randomize,
                     max_duration_ms = d.max_duration_ms,
                     ttl_ms          = d.ttl_ms
                from (select d.*, s.task_id
                        from declared d
                       cross join lateral (
                               select x.task_id
                                 from tasks x
                                where x.environment_id = :environment
                                  and x.slug = d.slug
                                  and not (x.registered_at is not null
                                           and x.queue_id = d.queue_id
                                           and x.max_attempts = d.max_attempts
                                           and x.retry_min_ms = d.retry_min_ms
                                           and x.retry_max_ms = d.retry_max_ms
                                           and x.retry_factor = d.retry_factor::float8
                                           and x.retry_randomize = d.retry_randomize
                                           and x.max_duration_ms is not distinct from d.max_duration_ms
                                           and x.ttl_ms is not distinct from d.ttl_ms)
                                limit 1
                                  for no key update) as s) as d
               where t.environment_id = :environment
                 and t.task_id = d.task_id
              returning t.task_id
            )
            insert into tasks
                   (environment_id, slug, queue_id, registered_at,
                    max_attempts, retry_min_ms, retry_max_ms, retry_factor, retry_randomize,
                    max_duration_ms, ttl_ms)
            select :environment, d.slug, d.queue_id, now(),
                   d.max_attempts, d.retry_min_ms, d.retry_max_ms, d.retry_factor::float8,
                   d.retry_randomize, d.max_duration_ms, d.ttl_ms
              from declared d
             where not exists (select              -- because each inserted row uses up an id
                                 from tasks x
                                where x.environment_id = :environment
                                  and x.slug = d.slug)
               and (select count(*) from changed) >= 0 -- first changes, then inserts
             order by d.slug
                on conflict (environment_id, slug) do update
               set queue_id        = excluded.queue_id,
                   registered_at   = coalesce(tasks.registered_at, excluded.registered_at),
                   max_attempts    = excluded.max_attempts,
                   retry_min_ms    = excluded.retry_min_ms,
                   retry_max_ms    = excluded.retry_max_ms,
                   retry_factor    = excluded.retry_factor,
                   retry_randomize = excluded.retry_randomize,
                   max_duration_ms = excluded.max_duration_ms,
                   ttl_ms          = excluded.ttl_ms
            """)
        .texts("slugs", declarations, Declaration::slug)
        .ints("queue_ids", declarations, Declaration::queueId)
        .ints("max_attempts", declarations, d -> d.retry().maxAttempts())
        .longs("retry_mins_ms", declarations, d -> d.retry().minTimeoutMillis())
        .longs("retry_maxs_ms", declarations, d -> d.retry().maxTimeoutMillis())
        .texts("retry_factors", declarations, d -> Double.toString(d.retry().factor()))
        .flags("retry_randomize_flags", declarations, d -> d.retry().randomize())
        .longsOrNull("max_durations_ms", declarations, Declaration::maxDurationMillis)
        .longsOrNull("ttls_ms", declarations, Declaration::ttlMillis)
        .update();
    List<Task> declared = find(tx, declarations.stream().map(Declaration::slug).toList());
    if (declared.size() < declarations.size()) {
      throw DatabaseException.conflict("A task was retired");
    }
    return declared;
  }
}

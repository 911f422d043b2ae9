package dev.fanfare.server.task;

import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.db.Tx;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
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

  /** Stores a task as a worker declares it, and returns its id. The latest declaration wins. */
  public int declare(
      Tx tx,
      String slug,
      int queueId,
      RetryPolicy retry,
      @Nullable Long maxDurationMillis,
      @Nullable Long ttlMillis) {
    return Objects.requireNonNull(
        tx.sql(
                """
                insert into tasks
                       (environment_id, slug, queue_id, registered_at,
                        max_attempts, retry_min_ms, retry_max_ms, retry_factor, retry_randomize,
                        max_duration_ms, ttl_ms)
                values (:environment, :slug, :queue_id, now(), :max_attempts, :retry_min_ms,
                        :retry_max_ms, :retry_factor, :retry_randomize, :max_duration_ms::int8,
                        :ttl_ms::int8)
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
                returning task_id
                """)
            .bind("slug", slug)
            .bind("queue_id", queueId)
            .bind("max_attempts", retry.maxAttempts())
            .bind("retry_min_ms", retry.minTimeoutMillis())
            .bind("retry_max_ms", retry.maxTimeoutMillis())
            .bind("retry_factor", retry.factor())
            .bind("retry_randomize", retry.randomize())
            .bind("max_duration_ms", maxDurationMillis)
            .bind("ttl_ms", ttlMillis)
            .first(r -> r.integer("task_id")));
  }
}

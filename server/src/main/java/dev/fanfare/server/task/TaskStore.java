package dev.fanfare.server.task;

import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** SQL of {@code tasks}. */
public final class TaskStore {

  /** The tasks among {@code slugs} that exist. */
  public List<Task> find(Tx tx, Collection<String> slugs) {
    return tx.sql(
            """
            select task_id, slug, queue_id, registered_at is not null as registered,
                   max_attempts, retry_min_ms, retry_max_ms, retry_factor, retry_randomize, ttl_ms
              from tasks
             where environment_id = :environment
               and slug = any (:slugs)
            """)
        .texts("slugs", slugs)
        .list(TaskStore::task);
  }

  /** Notes that these tasks were triggered, whatever their workers will say of them one day. */
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

  /** A worker declares a task: the last word wins. Returns the task's number. */
  public int register(
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

  private static Task task(Row r) throws SQLException {
    return new Task(
        r.integer("task_id"),
        r.text("slug"),
        r.integer("queue_id"),
        r.flag("registered"),
        new RetryPolicy(
            r.integer("max_attempts"),
            r.bigint("retry_min_ms"),
            r.bigint("retry_max_ms"),
            r.real("retry_factor"),
            r.flag("retry_randomize")),
        r.millisOrNull("ttl_ms"));
  }
}

package dev.fanfare.server.task;

import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** SQL of {@code tasks}. */
public final class TaskStore {

  /** The tasks among {@code slugs} that exist. */
  public List<Task> find(Tx tx, int environmentId, Collection<String> slugs) {
    return tx.list(
        """
        select task_id, slug, queue_id, registered_at is not null as registered,
               max_attempts, retry_min_ms, retry_max_ms, retry_factor, retry_randomize, ttl_ms
          from tasks
         where environment_id = ?
           and slug = any (?)
        """,
        TaskStore::task,
        environmentId,
        slugs.toArray(String[]::new));
  }

  /** The tasks with these numbers. */
  public List<Task> get(Tx tx, int environmentId, Collection<Integer> taskIds) {
    return tx.list(
        """
        select task_id, slug, queue_id, registered_at is not null as registered,
               max_attempts, retry_min_ms, retry_max_ms, retry_factor, retry_randomize, ttl_ms
          from tasks
         where environment_id = ?
           and task_id = any (?)
        """,
        TaskStore::task,
        environmentId,
        taskIds.stream().mapToInt(Integer::intValue).toArray());
  }

  /** Notes that these tasks were triggered, whatever their workers will say of them one day. */
  public void insertMissing(Tx tx, int environmentId, String[] slugs, int[] queueIds) {
    RetryPolicy retry = RetryPolicy.DEFAULT;
    tx.update(
        """
        insert into tasks
               (environment_id, slug, queue_id,
                max_attempts, retry_min_ms, retry_max_ms, retry_factor, retry_randomize)
        select ?, t.slug, t.queue_id, ?, ?, ?, ?, ?
          from unnest(?::text[], ?::int[]) as t (slug, queue_id)
         order by t.slug                       -- one order for all, so that no two wait in a ring
            on conflict do nothing
        """,
        environmentId,
        retry.maxAttempts(),
        retry.minTimeoutMillis(),
        retry.maxTimeoutMillis(),
        retry.factor(),
        retry.randomize(),
        slugs,
        queueIds);
  }

  /** A worker declares a task: the last word wins. Returns the task's number. */
  public int register(
      Tx tx,
      int environmentId,
      String slug,
      int queueId,
      RetryPolicy retry,
      @Nullable Long maxDurationMillis,
      @Nullable Long ttlMillis) {
    return Objects.requireNonNull(
        tx.first(
            """
            insert into tasks
                   (environment_id, slug, queue_id, registered_at,
                    max_attempts, retry_min_ms, retry_max_ms, retry_factor, retry_randomize,
                    max_duration_ms, ttl_ms)
            values (?, ?, ?, now(), ?, ?, ?, ?, ?, ?::int8, ?::int8)
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
            """,
            r -> r.integer("task_id"),
            environmentId,
            slug,
            queueId,
            retry.maxAttempts(),
            retry.minTimeoutMillis(),
            retry.maxTimeoutMillis(),
            retry.factor(),
            retry.randomize(),
            maxDurationMillis,
            ttlMillis));
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

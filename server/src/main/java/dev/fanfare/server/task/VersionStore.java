package dev.fanfare.server.task;

import dev.fanfare.server.db.Tx;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** SQL of {@code versions} and {@code version_tasks}. */
public final class VersionStore {

  /**
   * A version of the workers' code.
   *
   * @param id its primary key
   * @param queueByTask the ids of the queues of its tasks, by the tasks' slugs
   * @param queueByName the ids of the same queues, by their names
   */
  public record Version(
      int id, Map<String, Integer> queueByTask, Map<String, Integer> queueByName) {}

  private record Declared(
      String version, int id, @Nullable String task, int queueId, @Nullable String queue) {}

  /** Returns those of these versions that a worker has declared, by name. */
  public Map<String, Version> find(Tx tx, Collection<String> names) {
    Map<String, Version> versions = new HashMap<>();
    tx.sql(
            """
            select v.version, v.version_id, t.slug, d.queue_id, q.name as queue
              from versions v
              left join version_tasks d using (environment_id, version_id)
              left join tasks t using (environment_id, task_id)
              left join queues q on q.environment_id = d.environment_id
                                and q.queue_id = d.queue_id
             where v.environment_id = :environment
               and v.version = any (:names)
            """)
        .texts("names", names)
        .list(r ->
            new Declared(
                r.text("version"),
                r.integer("version_id"),
                r.textOrNull("slug"),
                r.integer("queue_id"),
                r.textOrNull("queue")))
        .forEach(declared -> {
          Version version =
              versions.computeIfAbsent(
                  declared.version(),
                  name -> new Version(declared.id(), new HashMap<>(), new HashMap<>()));
          if (declared.task() != null && declared.queue() != null) {
            version.queueByTask().put(declared.task(), declared.queueId());
            version.queueByName().put(declared.queue(), declared.queueId());
          }
        });
    return versions;
  }

  /**
   * Stores that a version has these tasks, and returns its id. Tasks that it had before stay,
   * because workers of one version may declare different tasks. Stored rows without a change are
   * not written again.
   *
   * @param queueByTask queue ids by task ids
   */
  public int declare(Tx tx, String version, Map<Integer, Integer> queueByTask) {
    Integer versionId = id(tx, version);
    if (versionId == null) {
      tx.sql(
              """
              insert into versions (environment_id, version)
              values (:environment, :version)
                  on conflict do nothing
              """)
          .bind("version", version)
          .update();
      versionId = Objects.requireNonNull(id(tx, version));
    }
    int[] taskIds = queueByTask.keySet().stream().mapToInt(Integer::intValue).sorted().toArray();
    int[] queueIds = new int[taskIds.length];
    for (int i = 0; i < taskIds.length; i++) {
      queueIds[i] = Objects.requireNonNull(queueByTask.get(taskIds[i]));
    }
    tx.sql(
            """
            insert into version_tasks as d (environment_id, version_id, task_id, queue_id)
            select :environment, :version_id, t.task_id, t.queue_id
              from unnest(:task_ids::int[], :queue_ids::int[]) as t (task_id, queue_id)
             where not exists (select
                                 from version_tasks x
                                where x.environment_id = :environment
                                  and x.version_id = :version_id
                                  and x.task_id = t.task_id
                                  and x.queue_id = t.queue_id
                                  and not x.idle)
             order by t.task_id                    -- one order for all prevents deadlocks
                on conflict (environment_id, version_id, task_id) do update
               set queue_id = excluded.queue_id, idle = false, checked_at = now()
            """)
        .bind("version_id", versionId)
        .bind("task_ids", taskIds)
        .bind("queue_ids", queueIds)
        .update();
    return versionId;
  }

  private static @Nullable Integer id(Tx tx, String version) {
    return tx.sql(
            """
            select version_id
              from versions
             where environment_id = :environment
               and version = :version
            """)
        .bind("version", version)
        .first(r -> r.integer("version_id"));
  }
}

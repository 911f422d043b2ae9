package dev.fanfare.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.IntStream;

/** The tasks, queues and versions of the stored runs. */
final class StoredTasks {
  /** A low number means a frequent task; the last one has few runs, all of the oldest day. */
  static final int COUNT = 20;

  static final String RARE = slug(COUNT - 1);
  static final List<String> VERSIONS = List.of("stored-1", "stored-2", "stored-3", "stored-4");

  private StoredTasks() {}

  static String slug(int task) {
    return "stored-" + task;
  }

  static List<String> slugs() {
    return IntStream.range(0, COUNT).mapToObj(StoredTasks::slug).toList();
  }

  /**
   * Stores them, as if workers had declared them, and makes the temporary table {@code places}:
   * each task with its own queue, and with one that it shares with others.
   */
  static void create(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          set search_path = fanfare;

          create temporary table environment as
          select environment_id from environments where slug = 'dev';

          insert into queues (environment_id, name)
          select e.environment_id, q.name
            from environment e
           cross join (select 'task/stored-' || n from generate_series(0, 19) n
                       union all
                       select 'shared-' || n from generate_series(0, 2) n) as q (name);

          insert into tasks
                 (environment_id, slug, queue_id, registered_at, max_attempts, retry_min_ms,
                  retry_max_ms, retry_factor, retry_randomize)
          select e.environment_id, 'stored-' || n, q.queue_id, now(), 3, 1000, 60000, 2, true
            from environment e
           cross join generate_series(0, 19) n
            join queues q on q.environment_id = e.environment_id
                         and q.name = 'task/stored-' || n;

          insert into versions (environment_id, version)
          select environment_id, 'stored-' || n from environment cross join generate_series(1, 4) n;

          insert into version_tasks (environment_id, version_id, task_id, queue_id)
          select v.environment_id, v.version_id, t.task_id, t.queue_id
            from versions v
            join tasks t on t.environment_id = v.environment_id and t.slug like 'stored-%'
           where v.version like 'stored-%';

          insert into lanes (environment_id, queue_id, task_id)
          select t.environment_id, q.queue_id, t.task_id
            from tasks t
            join queues q on q.environment_id = t.environment_id
                         and q.name in ('task/' || t.slug, 'shared-' || right(t.slug, 1)::int % 3)
           where t.slug like 'stored-%';

          insert into task_queues (environment_id, task_id, queue_id, version_id)
          select l.environment_id, l.task_id, l.queue_id, v.version_id
            from lanes l
            join tasks t on t.task_id = l.task_id and t.slug like 'stored-%'
           cross join (select 0 as version_id
                       union all
                       select version_id from versions where version like 'stored-%') as v;

          create temporary table places as
          select replace(t.slug, 'stored-', '')::int as task, q.name like 'shared-%' as is_shared,
                 t.task_id, l.queue_id, l.lane_id
            from lanes l
            join tasks t on t.task_id = l.task_id
            join queues q on q.queue_id = l.queue_id
           where t.slug like 'stored-%';
          """);
    }
  }
}

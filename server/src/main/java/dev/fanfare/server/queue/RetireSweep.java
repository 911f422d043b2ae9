package dev.fanfare.server.queue;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.task.IdleTaskStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Retires tasks, queues and versions that nobody uses any more. They keep each other:
 *
 * <ul>
 *   <li>A row of {@code version_tasks} stays while workers of the version have the task, and for at
 *       least a month after the last one. It keeps the version, the task and the queue.
 *   <li>A row of {@code task_queues} stays while there are lanes or runs, and keeps the same.
 *   <li>A task keeps its queue. Sessions and outcomes keep their version.
 *   <li>A task, queue or version that nothing keeps is deleted with its next daily check.
 * </ul>
 *
 * <p>What if one is used while it is being deleted?
 *
 * <ul>
 *   <li>Tasks, queues and versions: whoever refers to a row locks it, because the reference is a
 *       foreign key. The sweep skips a row that is locked, and after it has locked one, it looks
 *       for references in a statement of its own. A reference that comes later waits, and fails if
 *       the row was deleted; its transaction begins again, and inserts the row.
 *   <li>{@code task_queues}: as for lanes ({@link LaneStore}). A row is marked as idle, and deleted
 *       a day later if it is still idle and unused. A trigger inserts a lane in the transaction in
 *       which it has seen that the row is not idle, or has written it. So no lane is without it.
 *   <li>{@code version_tasks}: the same, but for a month, with declarations. A session is inserted
 *       by another transaction, seconds later.
 * </ul>
 *
 * <p>A run is inserted only into a lane that is in use, so {@code task_queues} keeps all that the
 * run refers to, and the run then keeps {@code task_queues}.
 */
final class RetireSweep implements Sweep {
  /** Far longer than any transaction of a trigger may take. */
  private static final Duration BETWEEN_CHECKS = Duration.ofDays(1);

  /** A version without workers, and its tasks, stay for at least this time, at most for twice. */
  private static final Duration BETWEEN_VERSION_CHECKS = Duration.ofDays(30);

  private static final Duration INTERVAL = Duration.ofMinutes(10);
  private static final int AT_ONCE = 500;

  private final Database database;
  private final IdleTaskStore tasks = new IdleTaskStore();
  private final IdleQueueStore queues = new IdleQueueStore();

  RetireSweep(Database database) {
    this.database = database;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public DueQuery dueQuery() {
    return new DueQuery(IdleQueueStore.DUE, BETWEEN_CHECKS);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    Instant day = now.minus(BETWEEN_CHECKS);
    Instant month = now.minus(BETWEEN_VERSION_CHECKS);
    return database.transaction(
        environmentId,
        tx ->
            queues.checkTaskQueues(tx, day, now, AT_ONCE)
                + tasks.checkVersionTasks(tx, month, now, AT_ONCE)
                + checkVersions(tx, day, now)
                + checkTasks(tx, day, now)
                + checkQueues(tx, day, now));
  }

  private int checkVersions(Tx tx, Instant before, Instant now) {
    List<Integer> ids = tasks.lockUncheckedVersions(tx, before, AT_ONCE);
    if (!ids.isEmpty()) {
      tasks.checkVersions(tx, ids, now);
    }
    return ids.size();
  }

  private int checkTasks(Tx tx, Instant before, Instant now) {
    List<Integer> ids = tasks.lockUncheckedTasks(tx, before, AT_ONCE);
    if (!ids.isEmpty()) {
      tasks.checkTasks(tx, ids, now);
    }
    return ids.size();
  }

  private int checkQueues(Tx tx, Instant before, Instant now) {
    List<Integer> ids = queues.lockUncheckedQueues(tx, before, AT_ONCE);
    if (!ids.isEmpty()) {
      queues.checkQueues(tx, ids, now);
    }
    return ids.size();
  }
}

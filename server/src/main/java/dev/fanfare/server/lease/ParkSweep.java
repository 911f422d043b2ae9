package dev.fanfare.server.lease;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.ParkedStore;
import dev.fanfare.server.queue.ParkedStore.Undeclared;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Parks ready runs of tasks that no worker has declared, in environments with workers: without any
 * worker, nothing says that a task is missing. One server does it at a time. Claims need not do it,
 * because they see only the tasks of their worker.
 */
final class ParkSweep implements Sweep {
  private static final Logger log = LoggerFactory.getLogger(ParkSweep.class);

  private static final Duration INTERVAL = Duration.ofSeconds(3);
  private static final int AT_ONCE = 1_000;
  private static final int TASKS_AT_ONCE = 100;

  /** The maximum number of undeclared tasks that the log names. */
  private static final int LOGGED_MAX = 1_000;

  private final Database database;
  private final SessionStore sessionStore = new SessionStore();
  private final ParkedStore parkedStore = new ParkedStore();
  private final Set<Integer> logged = ConcurrentHashMap.newKeySet();

  ParkSweep(Database database) {
    this.database = database;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(LeaseQueries.UNDECLARED);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return database.transaction(
        environmentId, tx -> sessionStore.tryLockParking(tx) ? park(tx) : 0);
  }

  private int park(Tx tx) {
    int parked = 0;
    List<Undeclared> tasks = parkedStore.undeclared(tx, TASKS_AT_ONCE);
    for (int i = 0; i < tasks.size() && parked < AT_ONCE; i++) {
      int moved = parkedStore.park(tx, tasks.get(i).taskId(), AT_ONCE - parked);
      parked += moved;
      if (moved > 0) {
        log(tasks.get(i));
      }
    }
    return parked;
  }

  /** Logs each task once, so that triggers of an undeclared task cannot fill the log. */
  private void log(Undeclared task) {
    if (logged.size() < LOGGED_MAX && logged.add(task.taskId())) {
      log.info(
          "No worker has declared the task \"{}\": its runs wait as PENDING_VERSION",
          task.slug().replaceAll("\\p{Cntrl}", "?"));
    }
  }
}

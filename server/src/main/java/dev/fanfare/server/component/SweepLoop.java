package dev.fanfare.server.component;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseWatch;
import java.time.Instant;
import java.util.List;

/**
 * Runs each sweep on a thread of its own, with the time of the database's clock. One question for
 * all of them, which travels with the looks of {@link DatabaseWatch}, finds out where and when they
 * are due, so that a server with nothing to do asks the database once a second. After a failure a
 * sweep pauses and runs again. Nothing is lost meanwhile: the next step, or another server, does
 * the work.
 */
public final class SweepLoop implements AutoCloseable {
  private final Database database;
  private final List<SweepRunner> runners;
  private final List<Thread> threads;

  private SweepLoop(Database database, List<Sweep> sweeps) {
    SweepFailures failures = new SweepFailures();
    this.database = database;
    this.runners =
        sweeps.stream().map(sweep -> new SweepRunner(database, sweep, failures)).toList();
    this.threads =
        runners.stream()
            .map(runner ->
                Thread.ofVirtual()
                    .name("sweep-" + runner.sweep().getClass().getSimpleName())
                    .unstarted(runner::run))
            .toList();
  }

  /**
   * Starts the sweeps.
   *
   * @param watch asks the database where they are due
   */
  public static SweepLoop start(Database database, DatabaseWatch watch, List<Sweep> sweeps) {
    SweepLoop loop = new SweepLoop(database, sweeps);
    database.onDelay(loop::delayed);
    loop.threads.forEach(Thread::start);
    watch.carry(new Agenda(loop.runners));
    return loop;
  }

  private void delayed(int environmentId, Instant dueAt) {
    for (SweepRunner runner : runners) {
      if (runner.sweep().isOnTime()) {
        runner.delayed(environmentId, dueAt);
      }
    }
  }

  /** Lets the current steps finish, then stops. */
  @Override
  public void close() {
    database.onDelay((environmentId, dueAt) -> {});
    runners.forEach(SweepRunner::stop);
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}

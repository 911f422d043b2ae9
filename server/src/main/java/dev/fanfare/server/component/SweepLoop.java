package dev.fanfare.server.component;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs each sweep in a loop on a thread of its own, with the time of the database's clock. After a
 * failure a sweep pauses and runs again. Nothing is lost meanwhile: the next step, or another
 * server, does the work.
 */
public final class SweepLoop implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SweepLoop.class);
  private static final long FAILURE_PAUSE_MILLIS = 1_000;

  private final Database database;
  private final Supplier<List<Integer>> environmentIds;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final List<Thread> threads;

  private SweepLoop(Database database, Supplier<List<Integer>> environmentIds, List<Sweep> sweeps) {
    this.database = database;
    this.environmentIds = environmentIds;
    this.threads =
        sweeps.stream()
            .map(sweep ->
                Thread.ofVirtual()
                    .name("sweep-" + sweep.getClass().getSimpleName())
                    .unstarted(() -> loop(sweep)))
            .toList();
  }

  /**
   * Starts the sweeps.
   *
   * @param environmentIds the environments, which each sweep visits one by one
   */
  public static SweepLoop start(
      Database database, Supplier<List<Integer>> environmentIds, List<Sweep> sweeps) {
    SweepLoop loop = new SweepLoop(database, environmentIds, sweeps);
    loop.threads.forEach(Thread::start);
    return loop;
  }

  private void loop(Sweep sweep) {
    try {
      long pause = 0;
      while (!stopped.await(pause, TimeUnit.MILLISECONDS)) {
        pause = step(sweep);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private long step(Sweep sweep) {
    int done = 0;
    boolean failed = false;
    try {
      Instant now = database.now();
      for (int environmentId : environmentIds.get()) {
        try {
          done += sweep.runOnce(environmentId, now);
        } catch (RuntimeException e) {
          if (e instanceof DatabaseException d && d.isUnavailable()) {
            throw e; // otherwise every environment would wait for the timeout
          }
          failed = failed(sweep, e); // continue with the other environments
        }
      }
    } catch (RuntimeException e) {
      failed = failed(sweep, e);
    }
    return failed ? FAILURE_PAUSE_MILLIS : done > 0 ? 0 : sweep.interval().toMillis();
  }

  private boolean failed(Sweep sweep, RuntimeException e) {
    if (stopped.getCount() > 0) {
      log.warn("{} failed and will run again: {}", sweep.getClass().getSimpleName(), e.toString());
    }
    return true;
  }

  /** Lets the current steps finish, then stops. */
  @Override
  public void close() {
    stopped.countDown();
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

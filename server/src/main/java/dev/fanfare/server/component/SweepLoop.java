package dev.fanfare.server.component;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs each sweep in a loop on a thread of its own, with the time of the database's clock. After a
 * failure a sweep pauses and runs again. Nothing is lost meanwhile: the next step, or another
 * server, does the work.
 */
public final class SweepLoop implements AutoCloseable {
  private static final long FAILURE_PAUSE_MILLIS = 1_000;
  private static final List<Integer> WHOLE_DATABASE = List.of(0);

  private final Database database;
  private final Supplier<List<Integer>> environmentIds;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final SweepFailures failures = new SweepFailures();
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
    Contact contact = sweep.contact();
    try {
      long pause = 0;
      while (!stopped.await(pause, TimeUnit.MILLISECONDS)) {
        pause = stepReserved(sweep, contact);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private long stepReserved(Sweep sweep, @Nullable Contact contact) {
    try {
      return database.sweep(() -> step(sweep, contact));
    } catch (DatabaseException e) { // there was no connection
      if (contact != null) {
        contact.breakOff();
      }
      failed(sweep, e);
      return FAILURE_PAUSE_MILLIS;
    }
  }

  private long step(Sweep sweep, @Nullable Contact contact) {
    int done = 0;
    boolean failed = false;
    try {
      Instant now = database.now();
      if (contact == null || contact.lastsAt(now)) {
        List<Integer> ids = sweep.isOfDatabase() ? WHOLE_DATABASE : environmentIds.get();
        for (int environmentId : ids) {
          try {
            done += sweep.runOnce(environmentId, now);
          } catch (RuntimeException | Error e) {
            if (isUnavailable(e)) {
              throw e; // otherwise every environment would wait for the timeout
            }
            failed = failed(sweep, e); // continue with the other environments
          }
        }
      }
      if (!failed) {
        failures.succeeded(sweep);
      }
    } catch (RuntimeException | Error e) { // even out of memory, which may pass, ends no sweep
      if (contact != null) {
        contact.breakOff();
      }
      failed = failed(sweep, e);
    }
    return failed ? FAILURE_PAUSE_MILLIS : (done > 0 ? sweep.pause() : sweep.interval()).toMillis();
  }

  private boolean failed(Sweep sweep, Throwable failure) {
    if (stopped.getCount() > 0) {
      failures.failed(sweep, failure, isUnavailable(failure));
    }
    return true;
  }

  private static boolean isUnavailable(Throwable failure) {
    return failure instanceof DatabaseException d && d.isUnavailable();
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

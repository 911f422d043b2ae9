package dev.fanfare.server.component;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the steps of one sweep, on a thread of its own, where and when they are due. The {@link
 * Agenda} says so. If it has not for longer than it should, because the database is away or the
 * table of another sweep is locked, the sweep asks by itself.
 */
final class SweepRunner {
  private static final Duration FAILURE_PAUSE = Duration.ofSeconds(1);

  /** How much later than usual the agenda may answer. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** The time between two steps that are on time: what is due meanwhile is done together. */
  private static final Duration SPACING = Duration.ofMillis(10);

  /** The pause before a step that is still due after one that changed nothing: rows are locked. */
  private static final Duration STUCK_PAUSE = Duration.ofMillis(250);

  private final Database database;
  private final Sweep sweep;
  private final DueQuery query;
  private final SweepFailures failures;
  private final Deadlines deadlines;
  private volatile boolean stopped;

  SweepRunner(Database database, Sweep sweep, SweepFailures failures) {
    this.database = database;
    this.sweep = sweep;
    this.query = sweep.dueQuery();
    this.failures = failures;
    this.deadlines = new Deadlines(System::nanoTime, sweep.contact());
  }

  Sweep sweep() {
    return sweep;
  }

  /** Runs steps until {@link #stop}. */
  void run() {
    try {
      while (deadlines.await(patience())) {
        stepReserved();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets the current step finish, then ends {@link #run}. */
  void stop() {
    stopped = true;
    deadlines.close();
  }

  /** Notes that a run of an environment will be due. */
  void delayed(int environmentId, Instant dueAt) {
    deadlines.note(environmentId, dueAt);
  }

  /** How often the database is to be asked. */
  Duration interval() {
    return sweep.interval();
  }

  DueQuery query() {
    return query;
  }

  /** Notes where the sweep is due. */
  void answered(DueQueries.Answer answer, long askedNanos) {
    deadlines.answered(answer.now(), askedNanos, answer.dueAt());
    sweep.asked();
    if (answer.dueAt().values().stream().allMatch(answer.now()::isBefore)) {
      failures.succeeded(sweep); // otherwise the step will show it
    }
  }

  private Duration patience() {
    return sweep.interval().plus(PATIENCE);
  }

  private void stepReserved() {
    try {
      database.sweep(() -> {
        step();
        return null;
      });
    } catch (RuntimeException | Error e) { // even out of memory, which may pass, ends no sweep
      deadlines.breakContact();
      deadlines.rest(FAILURE_PAUSE);
      failed(e);
    }
  }

  private void step() {
    if (deadlines.isOutdated(patience())) {
      ask();
    }
    List<Integer> due = deadlines.take();
    if (due.isEmpty()) {
      return;
    }
    // A process that was frozen must not rely on what it knew before.
    Instant now = deadlines.needContact() ? database.now() : deadlines.now();
    if (!deadlines.isInContact(now)) {
      return; // the next answer says again that it is due
    }
    if (sweep.isOnTime()) {
      deadlines.rest(SPACING);
    }
    if (!runAll(due, now)) {
      failures.succeeded(sweep);
    }
  }

  /** Runs a step in each environment; returns whether one failed. */
  private boolean runAll(List<Integer> due, Instant now) {
    boolean failed = false;
    Map<Integer, Integer> done = new HashMap<>();
    for (int environmentId : due) {
      try {
        done.put(environmentId, sweep.runOnce(environmentId, now));
      } catch (RuntimeException | Error e) {
        if (isUnavailable(e)) {
          due.forEach(each -> deadlines.again(each, FAILURE_PAUSE));
          throw e; // otherwise every environment would wait for the timeout
        }
        deadlines.again(environmentId, FAILURE_PAUSE);
        done.put(environmentId, 0);
        failed(e); // continue with the other environments
        failed = true;
      }
    }
    if (sweep.isOnTime()) {
      askAgain(now, done);
    } else {
      done.forEach((environmentId, rows) -> {
        if (rows > 0) {
          deadlines.again(environmentId, sweep.pause());
        }
      });
    }
    return failed;
  }

  private void ask() {
    askAgain(Instant.MIN, Map.of());
  }

  /**
   * Asks the database where the sweep is due now.
   *
   * @param before when it was due before
   * @param done how many rows the step has changed since
   */
  private void askAgain(Instant before, Map<Integer, Integer> done) {
    long askedNanos = System.nanoTime();
    DueQueries.Answer answer = database.transaction(tx -> DueQueries.ask(tx, query)).get();
    Map<Integer, Instant> dueAt = new HashMap<>(answer.dueAt());
    done.forEach((environmentId, rows) -> {
      Instant at = dueAt.get(environmentId);
      if (rows == 0 && at != null && !at.isAfter(before)) {
        dueAt.put(environmentId, before.plus(STUCK_PAUSE));
      }
    });
    answered(new DueQueries.Answer(answer.now(), dueAt), askedNanos);
  }

  private void failed(Throwable failure) {
    if (!stopped) {
      failures.failed(sweep, failure, isUnavailable(failure));
    }
  }

  private static boolean isUnavailable(Throwable failure) {
    return failure instanceof DatabaseException d && d.isUnavailable();
  }
}

package dev.fanfare.server.component;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where and when the next steps of one sweep are due, as far as this server knows: what the
 * database answered last, and what this server has delayed since. Between two answers, the time of
 * the database's clock is that of the last answer and what has passed since. Thread-safe.
 */
final class Deadlines {
  /** Longer than this, and shorter than what a number of nanoseconds can hold, is all the same. */
  private static final Duration FAR = Duration.ofDays(1_000);

  private final LongSupplier nanos;
  private final @Nullable Contact contact;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by lock.
  private final Map<Integer, Long> due = new HashMap<>(); // by environment, on the scale of nanos
  private final Map<Integer, Note> notes = new HashMap<>();
  private @Nullable Answer last;
  private long notBefore; // nothing is due earlier
  private boolean closed;

  /** The last answer: the time by both clocks. */
  private record Answer(Instant now, long nanos) {}

  /** What this server has delayed, and when it knew. */
  private record Note(long dueNanos, long notedNanos) {}

  Deadlines(LongSupplier nanos, @Nullable Contact contact) {
    this.nanos = nanos;
    this.contact = contact;
    this.notBefore = nanos.getAsLong();
  }

  /**
   * Replaces what was known by an answer of the database.
   *
   * @param now the time of the answer, by the database's clock
   * @param askedNanos when it was asked: what was noted later may not be in the answer
   * @param dueAt the time at which each environment is due
   */
  void answered(Instant now, long askedNanos, Map<Integer, Instant> dueAt) {
    lock.lock();
    try {
      if (contact != null) {
        boolean _ = contact.lastsAt(now);
      }
      Answer answer = new Answer(now, nanos.getAsLong());
      last = answer;
      due.clear();
      dueAt.forEach((environmentId, at) -> due.put(environmentId, toNanos(answer, at)));
      notes.values().removeIf(note -> note.notedNanos - askedNanos < 0);
      notes.forEach((environmentId, note) -> earlier(environmentId, note.dueNanos));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Notes that an environment is due at a time, by the database's clock. */
  void note(int environmentId, Instant at) {
    lock.lock();
    try {
      if (last == null) {
        return; // the first answer will say it
      }
      Note note = new Note(toNanos(last, at), nanos.getAsLong());
      notes.merge(
          environmentId,
          note,
          (one, other) ->
              new Note(
                  one.dueNanos - other.dueNanos < 0 ? one.dueNanos : other.dueNanos,
                  other.notedNanos));
      earlier(environmentId, note.dueNanos);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Makes an environment due again after a pause. */
  void again(int environmentId, Duration pause) {
    lock.lock();
    try {
      earlier(environmentId, nanos.getAsLong() + pause.toNanos());
    } finally {
      lock.unlock();
    }
  }

  /** Lets nothing be due for a while. */
  void rest(Duration pause) {
    lock.lock();
    try {
      notBefore = nanos.getAsLong() + pause.toNanos();
    } finally {
      lock.unlock();
    }
  }

  /** Guarded by lock. */
  private void earlier(int environmentId, long dueNanos) {
    due.merge(environmentId, dueNanos, (one, other) -> one - other < 0 ? one : other);
  }

  private static long toNanos(Answer answer, Instant at) {
    Duration until = Duration.between(answer.now, at);
    return answer.nanos + (until.compareTo(FAR) < 0 ? until : FAR).toNanos();
  }

  /**
   * Waits until an environment is due, or the last answer is older than {@code patience}.
   *
   * @return whether to go on
   */
  boolean await(Duration patience) throws InterruptedException {
    lock.lock();
    try {
      for (long wait = nanosUntilDue(patience); !closed && wait > 0; ) {
        changed.awaitNanos(wait);
        wait = nanosUntilDue(patience);
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** Guarded by lock. */
  private long nanosUntilDue(Duration patience) {
    long now = nanos.getAsLong();
    long wait = last == null ? 0 : last.nanos + patience.toNanos() - now;
    for (long dueNanos : due.values()) {
      wait = Math.min(wait, dueNanos - now);
    }
    return Math.max(wait, notBefore - now);
  }

  /** Whether the last answer is older than {@code patience}, or there was none. */
  boolean isOutdated(Duration patience) {
    lock.lock();
    try {
      return last == null || nanos.getAsLong() - last.nanos >= patience.toNanos();
    } finally {
      lock.unlock();
    }
  }

  /** The environments that are due, and are not due any more when this returns. */
  List<Integer> take() {
    lock.lock();
    try {
      long now = nanos.getAsLong();
      List<Integer> taken = new ArrayList<>();
      due.forEach((environmentId, dueNanos) -> {
        if (dueNanos - now <= 0) {
          taken.add(environmentId);
        }
      });
      taken.forEach(due::remove);
      notes.values().removeIf(note -> note.dueNanos - now <= 0);
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** The time by the database's clock, after the first answer. */
  Instant now() {
    lock.lock();
    try {
      if (last == null) {
        throw new IllegalStateException("The database has not answered yet");
      }
      return last.now.plusNanos(nanos.getAsLong() - last.nanos);
    } finally {
      lock.unlock();
    }
  }

  /** Whether a step needs contact with the database. */
  boolean needContact() {
    return contact != null;
  }

  /** Notes a reading of the database's clock; returns whether contact has lasted long enough. */
  boolean isInContact(Instant now) {
    lock.lock();
    try {
      return contact == null || contact.lastsAt(now);
    } finally {
      lock.unlock();
    }
  }

  /** Notes that the database could not be reached. */
  void breakContact() {
    lock.lock();
    try {
      if (contact != null) {
        contact.breakOff();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends {@link #await}. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}

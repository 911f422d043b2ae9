package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.Held;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.Started;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What happened to the runs of a worker and was not reported yet. While one report is under way the
 * next one collects here, so a busy worker sends few large reports and an idle one sends at once.
 *
 * <p>A start is held back for a moment: an attempt that has ended by then needs no report of its
 * start. Safe for use by many threads.
 */
final class Outbox {
  private static final int FINISHED_MAX = 500;
  private static final long OUTPUT_CHARS_MAX = 8L * 1024 * 1024;
  private static final long START_LINGER_NANOS = 50_000_000;

  private record Start(Started started, long atNanos) {}

  // All guarded by this.
  private final Map<String, Start> starts = new LinkedHashMap<>();
  private final Deque<Finished> finished = new ArrayDeque<>();
  private final Deque<Held> returned = new ArrayDeque<>();

  synchronized void started(Started started) {
    starts.put(started.runId(), new Start(started, System.nanoTime()));
    notifyAll();
  }

  synchronized void finished(Finished end) {
    starts.remove(end.runId());
    finished.add(end);
    notifyAll();
  }

  synchronized void returned(Held held) {
    starts.remove(held.runId());
    returned.add(held);
    notifyAll();
  }

  /** Forgets everything: it belonged to a session that is gone. */
  synchronized void clear() {
    starts.clear();
    finished.clear();
    returned.clear();
    notifyAll();
  }

  synchronized int unreported() {
    return finished.size();
  }

  synchronized boolean isEmpty() {
    return starts.isEmpty() && finished.isEmpty() && returned.isEmpty();
  }

  /** Waits until the outbox is small enough for more work to begin. */
  synchronized void awaitRoom(int max) throws InterruptedException {
    while (finished.size() > max) {
      wait();
    }
  }

  /** The next report; after {@code patience} without anything to say an empty one, a heartbeat. */
  synchronized ReportRequest take(long patienceNanos) throws InterruptedException {
    long deadline = System.nanoTime() + patienceNanos;
    while (finished.isEmpty() && returned.isEmpty()) {
      long now = System.nanoTime();
      long left = Math.min(deadline - now, untilStartIsDue(now));
      if (left <= 0) {
        break;
      }
      wait(left / 1_000_000, (int) (left % 1_000_000));
    }
    ReportRequest report = new ReportRequest(takeStarts(), takeFinished(), List.copyOf(returned));
    returned.clear();
    notifyAll();
    return report;
  }

  private long untilStartIsDue(long now) {
    Iterator<Start> oldest = starts.values().iterator();
    return oldest.hasNext() ? oldest.next().atNanos() + START_LINGER_NANOS - now : Long.MAX_VALUE;
  }

  private List<Started> takeStarts() {
    List<Started> due = new ArrayList<>();
    long now = System.nanoTime();
    Iterator<Start> all = starts.values().iterator();
    while (all.hasNext()) {
      Start start = all.next();
      if (now - start.atNanos() < START_LINGER_NANOS) {
        break; // in order of time: those behind are younger
      }
      due.add(start.started());
      all.remove();
    }
    return due;
  }

  private List<Finished> takeFinished() {
    List<Finished> taken = new ArrayList<>();
    long chars = 0;
    while (!finished.isEmpty() && taken.size() < FINISHED_MAX) {
      String output = finished.getFirst().output();
      chars += output == null ? 0 : output.length();
      if (!taken.isEmpty() && chars > OUTPUT_CHARS_MAX) {
        break;
      }
      taken.add(finished.removeFirst());
    }
    return taken;
  }
}

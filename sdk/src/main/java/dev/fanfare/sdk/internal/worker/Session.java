package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.PollRequest;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.internal.Spans;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session with the server and the attempts it holds: each from its claim until the server has
 * accepted the outcome, or the claim is lost or handed back. Safe for use by many threads.
 */
final class Session {
  private static final Logger log = LoggerFactory.getLogger(Session.class);

  /** How often a worker that does not poll asks for news of its runs. */
  private static final long NEWS_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** Most claims in one report that the server is asked about. */
  private static final int CHECKED_MAX = 1_000;

  /** Most canceled claims to remember that have not arrived. */
  private static final int CANCELED_AHEAD_MAX = 1_000;

  private final SessionResponse opened;
  private final Slots slots;
  private final Outbox outbox;
  private final Map<LeaseRef, Attempt> attempts = new ConcurrentHashMap<>();
  private final Set<LeaseRef> canceledAhead = ConcurrentHashMap.newKeySet();
  private final CountDownLatch idleWhileDraining = new CountDownLatch(1);
  private final AtomicBoolean lapseLogged = new AtomicBoolean();
  private final Object room = new Object();
  private volatile boolean roomWanted; // whether a thread waits for room
  private final AtomicInteger succeeded = new AtomicInteger(); // of the attempts; not reported yet
  private int polls; // used only by the thread that polls, as is the next
  private int answeredPolls; // the number of the last poll that was answered
  private volatile boolean polling;
  private volatile boolean draining;
  private volatile boolean gone;
  private volatile long contactNanos = System.nanoTime();
  private volatile long checkedNanos = System.nanoTime();

  Session(SessionResponse opened, Slots slots) {
    this.opened = opened;
    this.slots = slots;
    this.outbox = new Outbox(slots::pending);
  }

  SessionResponse opened() {
    return opened;
  }

  Outbox outbox() {
    return outbox;
  }

  /** Notes that a call is sent now, which renews the session when it arrives. */
  void contact() {
    contactNanos = System.nanoTime();
  }

  /**
   * The next poll, for up to {@code free} runs. It names the polls that got no response, so that
   * the server returns what they have claimed.
   */
  PollRequest nextPoll(int free) {
    int unanswered = answeredPolls + 1;
    polls++;
    polling = true;
    return new PollRequest(free, polls, unanswered < polls ? unanswered : null, unfinished());
  }

  /**
   * Waits until fewer runs are unfinished than may be held, because runs that wait here for their
   * next attempt take no slot, and returns how many more may be held.
   */
  int awaitRoom() throws InterruptedException {
    synchronized (room) {
      roomWanted = true; // before the check, so that whoever makes room after it sees this
      while (unfinished() >= heldMax() && !gone) {
        room.wait();
      }
      roomWanted = false;
    }
    return Math.max(1, heldMax() - unfinished());
  }

  private int heldMax() {
    Integer allowed = opened.heldMax();
    return Math.min(allowed == null ? 2 * slots.total() : allowed, slots.holdable());
  }

  /** How many runs are held that may need a slot: all but those that succeeded. */
  private int unfinished() {
    return attempts.size() - succeeded.get();
  }

  private void signalRoom() {
    if (roomWanted) {
      synchronized (room) {
        room.notifyAll();
      }
    }
  }

  /** How many runs are held, including those whose outcomes are not reported yet. */
  int held() {
    return attempts.size();
  }

  /** Notes that the last poll was answered. */
  void answered() {
    answeredPolls = polls;
    polling = false;
  }

  /**
   * How long from now until a heartbeat is due: a third of the lease after the last call, and half
   * a lease after the server was last asked whether it still knows what the worker holds. A worker
   * whose slots are all taken does not poll, so it asks more often whether a run was canceled.
   */
  long silenceNanos() {
    long now = System.nanoTime();
    long lease = TimeUnit.MILLISECONDS.toNanos(opened.leaseMillis());
    boolean hears = polling || attempts.isEmpty();
    long silence = contactNanos - now + (hears ? lease / 3 : Math.min(lease / 3, NEWS_NANOS));
    return attempts.isEmpty() ? silence : Math.min(silence, checkedNanos - now + lease / 2);
  }

  /**
   * Adds the claims that the worker holds to a report, once in half a lease: the server may have
   * ended some, which nothing else would tell a handler that runs for hours.
   */
  ReportRequest withChecked(ReportRequest report) {
    long now = System.nanoTime();
    if (now - checkedNanos < TimeUnit.MILLISECONDS.toNanos(opened.leaseMillis()) / 2) {
      return report;
    }
    checkedNanos = now;
    Set<LeaseRef> held = new HashSet<>(attempts.keySet());
    report.finished().forEach(end -> held.remove(new LeaseRef(end.runId(), end.fence())));
    report.returned().forEach(held::remove);
    List<LeaseRef> some = new ArrayList<>(held);
    Collections.shuffle(some); // so that each is named soon, if they are too many for one report
    return report.checking(List.copyOf(some.subList(0, Math.min(some.size(), CHECKED_MAX))));
  }

  /** Whether the server has reclaimed everything: outcomes can no longer be reported. */
  boolean isGone() {
    return gone;
  }

  /** Holds an attempt and executes it as soon as a slot is free. */
  void execute(Attempt attempt) {
    hold(attempt);
    slots.execute(attempt);
  }

  /** An attempt that arrives while draining is handed back; one for a gone session is dropped. */
  private void hold(Attempt attempt) {
    if (attempts.isEmpty()) {
      checkedNanos = System.nanoTime();
    }
    attempts.put(attempt.held(), attempt);
    if (canceledAhead.remove(attempt.held())) {
      attempt.cancel();
    }
    if (gone) {
      attempt.giveUp();
      attempts.remove(attempt.held(), attempt);
    }
    handBackIfDraining(attempt);
  }

  void started(Attempt attempt) {
    outbox.started(attempt);
  }

  /** Frees the slot of an attempt whose thread cannot be stopped; false: its thread has ended. */
  boolean abandon(Attempt attempt) {
    return slots.abandon(attempt);
  }

  /** How many threads of this worker cannot be stopped. */
  int abandoned() {
    return slots.abandoned();
  }

  void ended(Finished end) {
    outbox.finished(end);
  }

  /** Notes that an attempt needs no slot any more; its outcome is still to be reported. */
  void succeeded(Attempt attempt) {
    attempts.computeIfPresent(attempt.held(), (held, current) -> succeeded(attempt, current));
    signalRoom();
  }

  private Attempt succeeded(Attempt attempt, Attempt current) {
    if (current == attempt) {
      attempt.succeed();
      succeeded.incrementAndGet();
    }
    return current;
  }

  /**
   * Cancels an attempt, because its run was canceled. The response that assigns it may still be on
   * its way.
   */
  void cancel(LeaseRef held) {
    Attempt attempt = attempts.get(held);
    if (attempt == null) {
      if (canceledAhead.size() >= CANCELED_AHEAD_MAX) {
        canceledAhead.clear(); // most are of claims that have ended; the server names others again
      }
      canceledAhead.add(held);
      attempt = attempts.get(held); // it may have arrived in between
    }
    if (attempt != null) {
      attempt.cancel();
    }
  }

  /** Acts on the server's response to a report. */
  void reported(ReportRequest report, ReportResponse response) {
    response.lost().forEach(this::lose);
    Set<LeaseRef> retried = new HashSet<>();
    for (ReportResponse.Retry retry : response.retries()) {
      LeaseRef held = new LeaseRef(retry.runId(), retry.fence());
      if (retried.add(held)) {
        retry(held, retry);
      }
    }
    for (Finished end : report.finished()) {
      LeaseRef held = new LeaseRef(end.runId(), end.fence());
      if (!retried.contains(held)) {
        release(held);
      }
    }
    report.returned().forEach(this::release);
    response.canceled().forEach(this::cancel);
  }

  private void retry(LeaseRef held, ReportResponse.Retry retry) {
    Attempt failed = attempts.get(held);
    if (failed == null) {
      return; // lost since the report
    }
    Attempt again = failed.next(retry.attempt());
    hold(again);
    // The wait takes no slot and no thread: afterwards the JDK's timer hands it to the slots.
    CompletableFuture.delayedExecutor(retry.delayMillis(), TimeUnit.MILLISECONDS, Runnable::run)
        .execute(() -> slots.execute(again));
  }

  private void lose(LeaseRef held) {
    Attempt attempt = attempts.get(held);
    if (attempt != null) {
      attempt.giveUp();
      release(held);
    }
  }

  /** Forgets a claim, about which nothing is left to do or report. */
  void release(LeaseRef held) {
    attempts.computeIfPresent(held, (key, attempt) -> forget(attempt));
    signalRoom();
    signalIfIdle();
  }

  private @Nullable Attempt forget(Attempt attempt) {
    if (attempt.hasSucceeded()) {
      succeeded.decrementAndGet();
    }
    return null;
  }

  private void signalIfIdle() {
    if (draining && attempts.isEmpty()) {
      idleWhileDraining.countDown();
    }
  }

  /** The server no longer knows the session. Both loops notice it; the first one logs it. */
  void lapsed(ApiException.NotFound refusal) {
    if (lapseLogged.compareAndSet(false, true)) {
      log.warn(
          "The session lapsed; the server reclaims its runs and the worker opens a new one: {}",
          refusal.getMessage());
    }
    markGone();
  }

  /** Gives up the session: its attempts are stopped and their outcomes dropped. */
  void markGone() {
    gone = true;
    giveUpAll();
    outbox.close();
  }

  /** Stops all attempts and drops their outcomes. */
  void giveUpAll() {
    attempts.values().forEach(Attempt::giveUp);
    attempts.keySet().forEach(held -> attempts.computeIfPresent(held, (key, a) -> forget(a)));
    signalRoom();
    signalIfIdle();
  }

  /** From now on nothing starts: attempts that wait for a slot or a retry are handed back. */
  void drain() {
    draining = true;
    attempts.values().forEach(this::handBackIfDraining);
    signalIfIdle();
  }

  private void handBackIfDraining(Attempt attempt) {
    if (draining) {
      handBack(attempt);
    }
  }

  /** Hands an attempt back if it has not started. */
  void handBack(Attempt attempt) {
    if (attempt.giveUpUnstarted()) {
      outbox.returned(attempt.held());
    }
  }

  /** Waits, while draining, until nothing is held; returns false when {@code patience} elapsed. */
  boolean awaitIdle(Duration patience) throws InterruptedException {
    return idleWhileDraining.await(Spans.nanos(patience), TimeUnit.NANOSECONDS);
  }
}

package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.Held;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.sdk.ApiException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session with the server and the attempts it holds: from the claim until the server has taken
 * the outcome, or the claim is lost or handed back. Safe for use by many threads.
 */
final class Session {
  private static final Logger log = LoggerFactory.getLogger(Session.class);

  private final SessionResponse opened;
  private final Slots slots;
  private final Outbox outbox;
  private final Map<Held, Attempt> attempts = new ConcurrentHashMap<>();
  private final CountDownLatch idleWhileDraining = new CountDownLatch(1);
  private final AtomicBoolean told = new AtomicBoolean();
  private volatile boolean draining;
  private volatile boolean gone;
  private volatile long contactNanos = System.nanoTime();

  Session(SessionResponse opened, Slots slots) {
    this.opened = opened;
    this.slots = slots;
    this.outbox = new Outbox(slots::busy);
  }

  SessionResponse opened() {
    return opened;
  }

  Outbox outbox() {
    return outbox;
  }

  /** A call begins: it renews the session when it arrives. */
  void contact() {
    contactNanos = System.nanoTime();
  }

  /** How long the session may stay silent from now: a third of its lease after its last contact. */
  long silenceNanos() {
    long third = TimeUnit.MILLISECONDS.toNanos(opened.leaseMillis()) / 3;
    return contactNanos + third - System.nanoTime();
  }

  /** Whether the server has taken everything back: nothing of it can be reported any more. */
  boolean isGone() {
    return gone;
  }

  /** Holds an attempt and executes it as soon as a slot is free. */
  void execute(Attempt attempt) {
    hold(attempt);
    slots.execute(attempt);
  }

  /** What comes after the end has begun does not begin: it is handed back, or dropped. */
  private void hold(Attempt attempt) {
    attempts.put(attempt.held(), attempt);
    if (gone) {
      attempt.giveUp();
      attempts.remove(attempt.held(), attempt);
    }
    handBackIfDraining(attempt);
  }

  void started(Attempt attempt) {
    outbox.started(attempt);
  }

  void ended(Finished end) {
    outbox.finished(end);
  }

  /** The run was canceled: what it does now is of no use. */
  void cancel(Held held) {
    Attempt attempt = attempts.get(held);
    if (attempt != null) {
      attempt.cancel();
    }
  }

  /** Acts on the server's answer to a report. */
  void reported(ReportRequest report, ReportResponse answer) {
    answer.lost().forEach(this::lose);
    Set<Held> retried = new HashSet<>();
    for (ReportResponse.Retry retry : answer.retries()) {
      Held held = new Held(retry.runId(), retry.fence());
      if (retried.add(held)) {
        retry(held, retry);
      }
    }
    for (Finished end : report.finished()) {
      Held held = new Held(end.runId(), end.fence());
      if (!retried.contains(held)) {
        release(held);
      }
    }
    report.returned().forEach(this::release);
    answer.canceled().forEach(this::cancel);
  }

  private void retry(Held held, ReportResponse.Retry retry) {
    Attempt failed = attempts.get(held);
    if (failed == null) {
      return; // lost since the report
    }
    Attempt again = failed.next(retry.attempt());
    hold(again);
    // The wait costs no slot and no thread: the delayer hands it to the slots when it is over.
    CompletableFuture.delayedExecutor(retry.delayMillis(), TimeUnit.MILLISECONDS, Runnable::run)
        .execute(() -> slots.execute(again));
  }

  private void lose(Held held) {
    Attempt attempt = attempts.get(held);
    if (attempt != null) {
      attempt.giveUp();
      release(held);
    }
  }

  /** Nothing more is to be done or said about a claim. */
  void release(Held held) {
    attempts.remove(held);
    signalIfIdle();
  }

  private void signalIfIdle() {
    if (draining && attempts.isEmpty()) {
      idleWhileDraining.countDown();
    }
  }

  /** The server does not know the session any more. Both loops hear of it; one of them tells. */
  void lapsed(ApiException.NotFound refusal) {
    if (told.compareAndSet(false, true)) {
      log.warn("The session lapsed, what it held is taken back: {}", refusal.getMessage());
    }
    markGone();
  }

  /** Nothing that this session held can be reported any more; the outcomes are dropped. */
  void markGone() {
    gone = true;
    giveUpAll();
    outbox.close();
  }

  /** Stops everything and drops its outcome. */
  void giveUpAll() {
    attempts.values().forEach(Attempt::giveUp);
    attempts.clear();
    signalIfIdle();
  }

  /** From now on nothing begins: what waits for a slot or for another attempt is handed back. */
  void drain() {
    draining = true;
    attempts.values().forEach(this::handBackIfDraining);
    signalIfIdle();
  }

  private void handBackIfDraining(Attempt attempt) {
    if (draining && attempt.giveUpUnstarted()) {
      outbox.returned(attempt.held());
    }
  }

  /** Waits until nothing is held any more. */
  boolean awaitIdle(Duration patience) throws InterruptedException {
    return idleWhileDraining.await(patience.toNanos(), TimeUnit.NANOSECONDS);
  }
}

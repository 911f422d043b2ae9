package dev.fanfare.cli;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the parts of a running process, such as its server and its worker, and stops them. On
 * SIGTERM or Ctrl-C the parts close in reverse order of their start, and the process exits with
 * status 0.
 *
 * <p>On both signals, the JVM runs its shutdown hooks while all other threads continue, and would
 * then exit with 143 or 130. Our hook closes the parts and halts with status 0 instead, because a
 * requested stop is not a failure. Meanwhile the command's own thread waits, because the parts it
 * uses are being closed. Access to {@code parts} is guarded by {@code this}.
 */
final class Running {
  /** The work of a command while its parts run. */
  interface Body {
    int run(Running running) throws Exception;
  }

  /** How long closing may take beyond the grace period of the requests and runs. */
  private static final Duration SLACK = Duration.ofSeconds(3);

  private static final Logger log = LoggerFactory.getLogger(Running.class);

  private final Duration grace;
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final Thread hook = Thread.ofPlatform().name("stop").unstarted(this::stopOnSignal);
  private volatile boolean stopping;
  private volatile int statusWhenStopped = ExitStatus.OK;

  private Running(Duration grace) {
    this.grace = grace;
  }

  /** Runs {@code body} and closes its parts afterwards, even if it throws. */
  static int with(Duration grace, Body body) throws Exception {
    Running running = new Running(grace);
    Runtime.getRuntime().addShutdownHook(running.hook);
    try {
      return body.run(running);
    } finally {
      running.end();
    }
  }

  /** Registers {@code part} to be closed when the process stops, before all earlier parts. */
  <T extends AutoCloseable> T keep(T part) {
    synchronized (this) {
      parts.push(part);
    }
    return part;
  }

  /** Declares that the command ends by itself: stopping it by a signal then counts as a failure. */
  void endsItself() {
    statusWhenStopped = ExitStatus.FAILED;
  }

  /**
   * Stops the process, because a part that it needs is lost for good: closes the parts, then exits
   * with status 69. May be called on any thread but that of the command; never returns.
   */
  void fail(String sentence) {
    log.error("Stopping: {}", sentence);
    statusWhenStopped = ExitStatus.UNAVAILABLE;
    System.exit(ExitStatus.UNAVAILABLE);
  }

  /** Waits for Ctrl-C or SIGTERM. Never returns, because the process exits. */
  int untilStopped() throws InterruptedException {
    new CountDownLatch(1).await();
    return ExitStatus.OK;
  }

  private void end() throws InterruptedException {
    if (stopping) {
      untilStopped();
    }
    closeParts();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // A signal arrived during closing: the hook ends the process.
      untilStopped();
    }
  }

  private void stopOnSignal() {
    stopping = true;
    if (Display.isTerminal()) {
      System.out.println(System.lineSeparator() + "Stopping.");
    }
    Thread.ofPlatform().daemon().name("stop-deadline").start(this::haltAfterGrace);
    closeParts();
    Runtime.getRuntime().halt(statusWhenStopped);
  }

  private void haltAfterGrace() {
    try {
      Thread.sleep(grace.plus(SLACK));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    log.warn(
        "Stopping took longer than {}; exiting now. Unfinished runs will be reclaimed and retried",
        grace);
    Runtime.getRuntime()
        .halt(statusWhenStopped == ExitStatus.OK ? ExitStatus.FAILED : statusWhenStopped);
  }

  private void closeParts() {
    while (true) {
      AutoCloseable part;
      synchronized (this) {
        if (parts.isEmpty()) {
          return;
        }
        part = parts.pop();
      }
      try {
        part.close();
      } catch (Exception e) {
        log.warn(
            "Closing {} failed; closing the remaining parts", part.getClass().getSimpleName(), e);
      }
    }
  }
}

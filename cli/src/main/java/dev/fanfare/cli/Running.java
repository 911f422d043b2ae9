package dev.fanfare.cli;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of a process that serves, and their end: on SIGTERM or Ctrl-C the parts close in the
 * reverse of the order in which they were started, and the process ends with status 0.
 *
 * <p>The JVM answers both signals by running its shutdown hooks while every other thread goes on,
 * and would then end with 143 or 130. Our hook closes the parts and halts with 0 instead: a stop
 * that was asked for is no failure. The command's own thread waits meanwhile, since what it was
 * talking to is being closed. Guarded by {@code this}: the parts.
 */
final class Running {
  /** What a command does while its parts run. */
  interface Body {
    int run(Running running) throws Exception;
  }

  /** What closing may take beyond the grace period of the requests and runs themselves. */
  private static final Duration SLACK = Duration.ofSeconds(3);

  private static final Logger log = LoggerFactory.getLogger(Running.class);

  private final Duration grace;
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final Thread hook = Thread.ofPlatform().name("stop").unstarted(this::stopAsAsked);
  private volatile boolean stopping;
  private volatile int statusWhenStopped = ExitStatus.OK;

  private Running(Duration grace) {
    this.grace = grace;
  }

  /** Runs {@code body} and closes the parts it kept, however it ends. */
  static int with(Duration grace, Body body) throws Exception {
    Running running = new Running(grace);
    Runtime.getRuntime().addShutdownHook(running.hook);
    try {
      return body.run(running);
    } finally {
      running.end();
    }
  }

  /** Closes {@code part} when the process stops, before everything that was kept earlier. */
  <T extends AutoCloseable> T keep(T part) {
    synchronized (this) {
      parts.push(part);
    }
    return part;
  }

  /** The status of a process that is told to stop, when the command means to end by itself. */
  void endsItself() {
    statusWhenStopped = ExitStatus.FAILED;
  }

  /** Waits for Ctrl-C or SIGTERM; does not return, because the process ends. */
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
      // A signal came while we were closing: the hook ends the process.
      untilStopped();
    }
  }

  private void stopAsAsked() {
    stopping = true;
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
    log.warn("Not everything stopped within {}; what is unfinished will be taken up again", grace);
    Runtime.getRuntime().halt(ExitStatus.FAILED);
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
        log.warn("A part did not close cleanly", e);
      }
    }
  }
}

package dev.fanfare.postgres;

import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Restarts a server that ends although nobody closed it: it was killed, an administrator stopped
 * it, or it crashed. The new server listens on the same port, so clients only need to connect
 * again. If the server cannot be restarted within {@link RestartLimit}, it is lost.
 *
 * <p>Thread-safe. One thread does all restarts; {@code lost} and {@code onLost} are guarded by
 * {@code this}.
 */
final class Watcher {
  private static final Logger log = LoggerFactory.getLogger(Watcher.class);
  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

  private final ServerStart start;
  private final RestartLimit limit;
  private final Thread thread;
  private volatile RunningServer server;
  private volatile boolean closing;
  private volatile boolean closed;
  private @Nullable PostgresException lost;
  private @Nullable Consumer<PostgresException> onLost;

  Watcher(ServerStart start, RestartLimit limit, RunningServer server) {
    this.start = start;
    this.limit = limit;
    this.server = server;
    this.thread = Thread.ofPlatform().daemon().name("postgres-watcher").unstarted(this::watch);
  }

  void begin() {
    thread.start();
  }

  /** The current server; while it is being restarted, the previous one. */
  RunningServer server() {
    return server;
  }

  /** Sets the action to run, once and on a thread of its own, when the server is lost. */
  synchronized void onLost(Consumer<PostgresException> action) {
    onLost = action;
    notifyLost();
  }

  /** Lets the server end if it was asked to; a crash is still followed by a restart. */
  void announceClose() {
    closing = true;
  }

  /** Ends watching, also in the middle of a restart, and returns the server to stop. */
  RunningServer close() throws InterruptedException {
    closed = true;
    thread.interrupt();
    thread.join();
    return server;
  }

  private void watch() {
    try {
      while (!closed) {
        int status = awaitEnd();
        if (closed || (closing && status == 0) || !restart(status)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      // close() ends the watch
    } catch (IOException | RuntimeException e) {
      lose("the watch failed: " + e);
    }
  }

  /** Waits until the server has ended; returns its exit status. */
  private int awaitEnd() throws IOException, InterruptedException {
    GuardedProcess process = server.process();
    while (!process.ends(BETWEEN_LOOKS)) {
      PostmasterPid file = PostmasterPid.read(start.home().data());
      if (!closing && file != null && file.stopping() && process.runs(file.pid())) {
        // SIGTERM makes it refuse logins and wait for every client to leave, which a connection
        // pool does not do for half an hour.
        log.warn("PostgreSQL was asked to stop by someone else; stopping it at once");
        process.stop();
      }
    }
    return process.status();
  }

  /** Restarts the server, trying several times; returns false if it is lost. */
  private boolean restart(int status) throws InterruptedException {
    String reason = "it ended with status " + status;
    log.warn("PostgreSQL ended unexpectedly with status {}; restarting it", status);
    while (true) {
      Duration pause = limit.next(System.nanoTime());
      if (pause == null) {
        lose(reason);
        return false;
      }
      Thread.sleep(pause);
      long begun = System.nanoTime();
      try {
        server = start.again(server.login().port());
        log.warn(
            "PostgreSQL is running again on port {}; the restart took {} ms",
            server.login().port(),
            (System.nanoTime() - begun) / 1_000_000);
        return true;
      } catch (IOException | PostgresException e) {
        reason = String.valueOf(e.getMessage());
        if (!closed) {
          log.warn("PostgreSQL could not be restarted, trying again: {}", reason);
        }
      }
    }
  }

  private synchronized void lose(String reason) {
    if (!closed) {
      lost =
          new PostgresException(
              "PostgreSQL in %s does not stay up, and was restarted %s times within %s minutes: %s"
                  .formatted(
                      start.home().folder(),
                      limit.restartsMax(),
                      RestartLimit.WINDOW.toMinutes(),
                      reason));
      log.error("Giving up on PostgreSQL after {} restarts", limit.restartsMax());
      notifyLost();
    }
  }

  private synchronized void notifyLost() {
    Consumer<PostgresException> action = onLost;
    PostgresException failure = lost;
    if (action != null && failure != null) {
      onLost = null;
      // The action may close this watcher, which waits for the watching thread.
      Thread.ofPlatform().name("postgres-lost").start(() -> action.accept(failure));
    }
  }
}

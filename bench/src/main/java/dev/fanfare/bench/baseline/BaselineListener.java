package dev.fanfare.bench.baseline;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;

/** A listener that claims a run on each notification, one run at a time. */
public final class BaselineListener implements AutoCloseable {
  private static final int LISTEN_MILLIS = 100;
  private static final int CLAIM_TIMEOUT_SECONDS = 30;

  private final Connection triggering;
  private final Connection listening;
  private final LinkedBlockingQueue<Long> claimedAtNanos = new LinkedBlockingQueue<>();
  private final Thread thread;
  private volatile boolean closed;

  private BaselineListener(Connection triggering, Connection listening) {
    this.triggering = triggering;
    this.listening = listening;
    this.thread = Thread.ofPlatform().name("baseline-listener").daemon().unstarted(this::listen);
  }

  /** Starts a listener on one connection that triggers on the other; closing it closes both. */
  public static BaselineListener start(Connection triggering, Connection listening)
      throws SQLException {
    try (Statement statement = listening.createStatement()) {
      statement.execute("listen baseline_ready");
    }
    BaselineListener listener = new BaselineListener(triggering, listening);
    listener.thread.start();
    return listener;
  }

  /** Stores one run, and returns the time until the listener has claimed it, in nanoseconds. */
  public long trigger(List<String> payload) throws SQLException, InterruptedException {
    long begun = System.nanoTime();
    new BaselineQueue(triggering).storeReady(payload);
    Long claimed = claimedAtNanos.poll(CLAIM_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    if (claimed == null) {
      throw new SQLException("The listener claimed no run within " + CLAIM_TIMEOUT_SECONDS + " s");
    }
    return claimed - begun;
  }

  private void listen() {
    try {
      PGConnection notified = listening.unwrap(PGConnection.class);
      BaselineQueue queue = new BaselineQueue(listening);
      while (!closed) {
        if (notified.getNotifications(LISTEN_MILLIS).length > 0) {
          List<UUID> runIds = queue.claim(1);
          long now = System.nanoTime();
          if (!runIds.isEmpty()) {
            claimedAtNanos.add(now);
            queue.finish(runIds);
          }
        }
      }
    } catch (SQLException e) {
      closed = true; // the trigger fails with its timeout
    }
  }

  @Override
  public void close() throws SQLException {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    triggering.close();
    listening.close();
  }
}

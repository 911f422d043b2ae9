package dev.fanfare.bench.bare;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;

/** A listener that claims what it is notified of. One run at a time. */
public final class BareListener implements AutoCloseable {
  private static final int LISTEN_MILLIS = 100;
  private static final int PATIENCE_SECONDS = 30;

  private final Connection triggering;
  private final Connection listening;
  private final LinkedBlockingQueue<Long> claimedAtNanos = new LinkedBlockingQueue<>();
  private final Thread thread;
  private volatile boolean closed;

  private BareListener(Connection triggering, Connection listening) {
    this.triggering = triggering;
    this.listening = listening;
    this.thread = Thread.ofPlatform().name("bare-listener").daemon().unstarted(this::listen);
  }

  /** Listens on one connection and triggers on the other; closes both. */
  public static BareListener start(Connection triggering, Connection listening)
      throws SQLException {
    try (Statement statement = listening.createStatement()) {
      statement.execute("listen bare_ready");
    }
    BareListener listener = new BareListener(triggering, listening);
    listener.thread.start();
    return listener;
  }

  /** Stores one run and returns after how many nanoseconds the listener had claimed it. */
  public long trigger(List<String> payload) throws SQLException, InterruptedException {
    long begun = System.nanoTime();
    new BareQueue(triggering).storeReady(payload);
    Long claimed = claimedAtNanos.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (claimed == null) {
      throw new SQLException("The listener claimed nothing");
    }
    return claimed - begun;
  }

  private void listen() {
    try {
      PGConnection notified = listening.unwrap(PGConnection.class);
      BareQueue queue = new BareQueue(listening);
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
      closed = true; // the trigger's patience ends, and says so
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

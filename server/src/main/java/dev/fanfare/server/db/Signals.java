package dev.fanfare.server.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells waiting polls, here and on every other server of the database, that an environment has
 * something to claim. A hint only: it is sent after the commit and may be lost, and whoever waits
 * looks again by itself from time to time.
 *
 * <p>Other servers are told by NOTIFY from a thread of its own, many signals in one: inside the
 * triggering transactions it would make their commits queue for one lock.
 */
public final class Signals implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Signals.class);
  private static final String CHANNEL = "fanfare_ready";
  private static final int LISTEN_MILLIS = 250;
  private static final int PAUSE_MILLIS = 1_000;

  private final Database database;

  /**
   * By what a server knows its own notifications: who waits here was told before they were sent.
   */
  private final String signature = UUID.randomUUID().toString();

  private final Map<Integer, Waiters> waiters = new ConcurrentHashMap<>();
  private final Set<Integer> unsent = ConcurrentHashMap.newKeySet();
  private final LinkedBlockingQueue<Boolean> wakeSender = new LinkedBlockingQueue<>(1);
  private final Thread listener;
  private final Thread sender;
  private volatile boolean closed;

  private Signals(Database database) {
    this.database = database;
    this.listener = Thread.ofPlatform().name("fanfare-listen").daemon().unstarted(this::listen);
    this.sender = Thread.ofPlatform().name("fanfare-notify").daemon().unstarted(this::send);
  }

  /** Starts to listen. */
  public static Signals start(Database database) {
    Signals signals = new Signals(database);
    signals.listener.start();
    signals.sender.start();
    return signals;
  }

  private static final class Waiters {
    final ReentrantLock lock = new ReentrantLock();
    final Condition signaled = lock.newCondition();
    long count; // guarded by lock; grows with each signal
  }

  /** What a waiter has seen: take it before looking, so that a signal in between is not missed. */
  public long ticket(int environmentId) {
    Waiters own = waiters(environmentId);
    own.lock.lock();
    try {
      return own.count;
    } finally {
      own.lock.unlock();
    }
  }

  /** Waits until a signal came after {@code ticket} was taken, or {@code patience} is over. */
  public void await(int environmentId, long ticket, Duration patience) throws InterruptedException {
    Waiters own = waiters(environmentId);
    long nanos = patience.toNanos();
    own.lock.lock();
    try {
      while (own.count == ticket && nanos > 0 && !closed) {
        nanos = own.signaled.awaitNanos(nanos);
      }
    } finally {
      own.lock.unlock();
    }
  }

  /** Something of this environment became claimable with a commit just made. */
  public void ready(int environmentId) {
    wake(environmentId);
    if (unsent.add(environmentId)) {
      wakeSender.offer(true);
    }
  }

  /** Lets everybody who waits on this server look again. */
  public void wake(int environmentId) {
    Waiters own = waiters(environmentId);
    own.lock.lock();
    try {
      own.count++;
      own.signaled.signalAll();
    } finally {
      own.lock.unlock();
    }
  }

  private Waiters waiters(int environmentId) {
    return waiters.computeIfAbsent(environmentId, id -> new Waiters());
  }

  private void send() {
    while (!closed) {
      try {
        wakeSender.poll(LISTEN_MILLIS, TimeUnit.MILLISECONDS);
        for (Integer environmentId : Set.copyOf(unsent)) {
          unsent.remove(environmentId); // before it is sent: what comes in between is sent again
          database.transaction(tx -> tellOthers(tx, environmentId));
        }
      } catch (InterruptedException e) {
        return;
      } catch (DatabaseException e) {
        pause("Could not tell other servers of new work", e);
      }
    }
  }

  /** A hint need not survive a crash, so its commit does not wait for the disk. */
  private boolean tellOthers(Tx tx, int environmentId) {
    tx.sql("select set_config('synchronous_commit', 'off', true), pg_notify(:channel, :text)")
        .bind("channel", CHANNEL)
        .bind("text", environmentId + " " + signature)
        .first(r -> true);
    return true;
  }

  private void listen() {
    while (!closed) {
      try (Connection connection = database.connection()) {
        listen(connection);
      } catch (SQLException e) {
        pause("Could not listen to other servers", e);
      }
    }
  }

  private void listen(Connection connection) throws SQLException {
    connection.setAutoCommit(true);
    try (Statement statement = connection.createStatement()) {
      statement.execute("listen " + CHANNEL);
    }
    PGConnection listening = connection.unwrap(PGConnection.class);
    while (!closed) {
      for (PGNotification notification : listening.getNotifications(LISTEN_MILLIS)) {
        String said = notification.getParameter();
        if (!said.endsWith(signature)) {
          wake(Integer.parseInt(said.split(" ", 2)[0]));
        }
      }
    }
  }

  private void pause(String what, Exception e) {
    if (closed) {
      return;
    }
    log.warn("{}: {}", what, e.getMessage());
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed = true;
    waiters.keySet().forEach(this::wake);
    wakeSender.offer(true);
    // No interrupt: it would close the socket of a connection that the pool still counts on.
    for (Thread thread : List.of(sender, listener)) {
      try {
        thread.join(Duration.ofMillis(2L * LISTEN_MILLIS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}

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
 * Signals to waiting polls, on all servers of the database, that an environment has runs that are
 * ready. A signal is a hint: it is sent after the commit and can be lost, so waiting polls also
 * query from time to time.
 *
 * <p>A thread of its own sends signals to the other servers with NOTIFY, and combines those that
 * arrive meanwhile. Inside the triggering transactions, NOTIFY would serialize their commits on one
 * lock. Thread-safe.
 */
public final class Signals implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Signals.class);
  private static final String CHANNEL = "fanfare_ready";
  private static final int LISTEN_MILLIS = 250;
  private static final int PAUSE_MILLIS = 1_000;

  private final Database database;

  /**
   * The end of this server's own notifications, which it ignores: its polls were woken before the
   * notification was sent.
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

  /** Starts the threads that send and receive notifications. */
  public static Signals start(Database database) {
    Signals signals = new Signals(database);
    signals.listener.start();
    signals.sender.start();
    return signals;
  }

  private static final class Waiters {
    final ReentrantLock lock = new ReentrantLock();
    final Condition signaled = lock.newCondition();
    long count; // guarded by lock; incremented by each signal
  }

  /**
   * The number of signals so far. Take it before the query for ready runs, so that {@link #await}
   * does not miss a signal in between.
   */
  public long ticket(int environmentId) {
    Waiters own = waiters(environmentId);
    own.lock.lock();
    try {
      return own.count;
    } finally {
      own.lock.unlock();
    }
  }

  /** Waits until there is a signal after {@code ticket} was taken, at most for {@code timeout}. */
  public void await(int environmentId, long ticket, Duration timeout) throws InterruptedException {
    Waiters own = waiters(environmentId);
    long nanos = timeout.toNanos();
    own.lock.lock();
    try {
      while (own.count == ticket && nanos > 0 && !closed) {
        nanos = own.signaled.awaitNanos(nanos);
      }
    } finally {
      own.lock.unlock();
    }
  }

  /** Signals to all servers that runs of an environment are ready. Call it after the commit. */
  public void ready(int environmentId) {
    wake(environmentId);
    if (unsent.add(environmentId)) {
      wakeSender.offer(true);
    }
  }

  /** Wakes the polls of an environment that wait on this server. */
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
          unsent.remove(environmentId); // first, so that a signal in between is sent again
          database.transaction(tx -> notifyServers(tx, environmentId));
        }
      } catch (InterruptedException e) {
        return;
      } catch (DatabaseException e) {
        pause("Cannot notify other servers of ready runs", e);
      }
    }
  }

  /** A signal need not survive a crash, so its commit does not wait for the disk. */
  private boolean notifyServers(Tx tx, int environmentId) {
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
        pause("Cannot receive notifications of other servers", e);
      }
    }
  }

  private void listen(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("listen " + CHANNEL);
    }
    PGConnection listening = connection.unwrap(PGConnection.class);
    int generation = database.generation();
    while (!closed && database.generation() == generation) {
      for (PGNotification notification : listening.getNotifications(LISTEN_MILLIS)) {
        String message = notification.getParameter();
        if (!message.endsWith(signature)) {
          wake(Integer.parseInt(message.split(" ", 2)[0]));
        }
      }
    }
  }

  private void pause(String problem, Exception e) {
    if (closed) {
      return;
    }
    log.warn("{}, retrying in {} ms: {}", problem, PAUSE_MILLIS, e.getMessage());
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
    // No interrupt: it would close the socket of a pooled connection.
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

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
import java.util.function.LongSupplier;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signals to waiting polls, on all servers of the database, that an environment has runs that are
 * ready. A signal is a hint: it is sent after the commit and can be lost. So somebody has to check
 * now and then whether there is anything, and otherwise waiting polls query from time to time.
 *
 * <p>A thread of its own sends signals to the {@linkplain OtherServers other servers}, if there may
 * be any, with NOTIFY, and combines those that arrive meanwhile. Inside the triggering
 * transactions, NOTIFY would serialize their commits on one lock. Thread-safe.
 */
public final class Signals implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Signals.class);
  private static final String CHANNEL = "fanfare_ready";
  private static final String GREETING = "here";
  private static final int LISTEN_MILLIS = 250;
  private static final int PAUSE_MILLIS = 1_000;
  private static final Duration PROBE_INTERVAL = Duration.ofSeconds(10);

  /** How long polls rely on a check: one takes place every second. */
  private static final Duration CHECKED = Duration.ofSeconds(3);

  private final Database database;
  private final OtherServers others;

  /**
   * The end of this server's own notifications, which it ignores: its polls were woken before the
   * notification was sent.
   */
  private final String signature = UUID.randomUUID().toString();

  private final Map<Integer, Waiters> waiters = new ConcurrentHashMap<>();
  private final Map<Integer, Work> unsent = new ConcurrentHashMap<>();
  private final LinkedBlockingQueue<Boolean> wakeSender = new LinkedBlockingQueue<>(1);
  private final Health sending =
      new Health("Cannot notify other servers of ready runs", "Notifies other servers again");
  private final Health listening =
      new Health(
          "Cannot receive notifications of other servers",
          "Receives the notifications of other servers again");
  private final Thread listener;
  private final Thread sender;
  private volatile long checkedNanos = System.nanoTime() - CHECKED.toNanos();
  private volatile boolean closed;

  private Signals(Database database, LongSupplier nanos) {
    this.database = database;
    this.others = new OtherServers(nanos);
    this.listener = Thread.ofPlatform().name("fanfare-listen").daemon().unstarted(this::listen);
    this.sender = Thread.ofPlatform().name("fanfare-notify").daemon().unstarted(this::send);
  }

  /** Starts the threads that send and receive notifications. */
  public static Signals start(Database database) {
    return start(database, System::nanoTime);
  }

  static Signals start(Database database, LongSupplier nanos) {
    Signals signals = new Signals(database, nanos);
    signals.listener.start();
    signals.sender.start();
    return signals;
  }

  /**
   * What a poll knows when it looks for work.
   *
   * @param ticket of the signals whose work it can see
   * @param runs how many runs the signals that woke it meant for it; if it finds fewer, others may
   *     be able to take them
   * @param others whether some of these may be of tasks that it cannot execute
   */
  public record Look(long ticket, int runs, boolean others) {}

  /** A poll that waits for work. All but {@link #wake} is for one thread, which must close it. */
  public interface Waiter extends AutoCloseable {
    /**
     * Waits for a signal since it last looked, at most for {@code timeout}; returns whether there
     * was one.
     */
    boolean await(Duration timeout) throws InterruptedException;

    /** Lets {@link #await} return, now or the next time, without a signal. For any thread. */
    void wake();

    /** Notes that it looks for work now. */
    Look look();

    /** Notes that it has looked, so that the signal was of use. */
    void looked();

    /** Ends the wait. If there was a signal for which it did not look, another poll does. */
    @Override
    void close();
  }

  /**
   * The number of signals so far. Take it before the query for ready runs, so that {@link #join}
   * does not miss a signal in between.
   */
  public long ticket(int environmentId) {
    return waiters(environmentId).ticket();
  }

  /**
   * Begins to wait for work.
   *
   * @param taskIds the tasks that the poll can execute
   * @param slots how many runs it can take
   * @param ticket taken before the poll looked for work
   */
  public Waiter join(int environmentId, Set<Integer> taskIds, int slots, long ticket) {
    return waiters(environmentId).join(taskIds, slots, ticket);
  }

  /**
   * Signals to all servers that there may be ready runs, when nothing more is known. Call it after
   * the commit.
   */
  public void ready(int environmentId) {
    signal(environmentId, Work.UNKNOWN);
  }

  /**
   * Signals to all servers that runs are ready. Call it after the commit.
   *
   * @param taskIds their tasks; empty: unknown
   * @param runs how many there are
   */
  public void ready(int environmentId, Set<Integer> taskIds, int runs) {
    signal(environmentId, Work.of(taskIds, Math.max(1, runs)));
  }

  /**
   * Signals to all servers that all polls of an environment must look, because any of them may have
   * been told something that is not a run, such as a cancel.
   */
  public void readyForAll(int environmentId) {
    signal(environmentId, Work.FOR_ALL);
  }

  /**
   * Tells the other polls on this server of work that a poll saw and cannot do.
   *
   * @param ticket taken before that poll looked: polls that have looked since are not woken
   * @param taskIds the tasks of the work; empty: unknown
   * @param runs how many runs there are
   */
  public void passOn(int environmentId, long ticket, Set<Integer> taskIds, int runs) {
    waiters(environmentId).passOn(ticket, Work.of(taskIds, Math.max(1, runs)));
  }

  private void signal(int environmentId, Work work) {
    waiters(environmentId).signal(work);
    if (others.mayExist()) {
      unsent.merge(environmentId, work, Work::and);
      wakeSender.offer(true);
    }
  }

  /** Notes that somebody has just looked whether there is anything of which no signal came. */
  public void checked() {
    checkedNanos = System.nanoTime();
  }

  /** Whether polls can rely on signals: what is lost is found by somebody else. */
  public boolean areChecked() {
    return System.nanoTime() - checkedNanos < CHECKED.toNanos();
  }

  /** Wakes all polls of an environment that wait on this server. */
  public void wake(int environmentId) {
    waiters(environmentId).signal(Work.FOR_ALL);
  }

  /** Wakes a poll of an environment that waits on this server, as {@link #ready(int)} does. */
  public void wakeOne(int environmentId) {
    waiters(environmentId).signal(Work.UNKNOWN);
  }

  private Waiters waiters(int environmentId) {
    return waiters.computeIfAbsent(environmentId, id -> new Waiters());
  }

  private void send() {
    while (!closed) {
      try {
        wakeSender.poll(LISTEN_MILLIS, TimeUnit.MILLISECONDS);
        if (others.isGreetingDue()) {
          send(GREETING);
          others.greeted();
        }
        for (Integer environmentId : Set.copyOf(unsent.keySet())) {
          Work work = unsent.remove(environmentId);
          if (work != null) {
            send(environmentId, work);
            sending.works();
          }
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        pause(sending, e);
      }
    }
  }

  private void send(int environmentId, Work work) {
    try {
      send(environmentId + " " + work.text());
    } catch (RuntimeException e) {
      unsent.merge(environmentId, work, Work::and);
      throw e;
    }
  }

  /** A message need not survive a crash, so its commit does not wait for the disk. */
  private void send(String message) {
    database.transaction(tx ->
        tx.sql(
                "select set_config('synchronous_commit', 'off', true),"
                    + " pg_notify(:channel, :text)")
            .bind("channel", CHANNEL)
            .bind("text", message + " " + signature)
            .list(r -> true));
  }

  private void listen() {
    if (!database.canListen()) {
      log.info(
          "The database's pooler shares connections between transactions, so this server"
              + " looks once a second for the runs of other servers. It learns of them at once if"
              + " FANFARE_DATABASE_DIRECT_URL names the database without the pooler");
      return;
    }
    while (!closed) {
      try (Connection connection = database.listeningConnection()) {
        listen(connection);
      } catch (SQLException | RuntimeException e) {
        pause(listening, e);
      }
    }
  }

  private void listen(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("listen " + CHANNEL);
      listening.works();
      others.listening();
      wakeSender.offer(true);
      receive(connection.unwrap(PGConnection.class), statement);
    } finally {
      others.deaf();
    }
  }

  /** Asks now and then, because a connection whose other end is gone is only silent. */
  private void receive(PGConnection connection, Statement statement) throws SQLException {
    long probeAt = System.nanoTime() + PROBE_INTERVAL.toNanos();
    int generation = database.generation();
    while (!closed && database.generation() == generation) {
      for (PGNotification notification : connection.getNotifications(LISTEN_MILLIS)) {
        received(notification.getParameter());
      }
      if (System.nanoTime() >= probeAt) {
        statement.execute("select 1");
        probeAt = System.nanoTime() + PROBE_INTERVAL.toNanos();
      }
    }
  }

  /**
   * Wakes polls. Anyone may send anything on the channel. A server of an earlier version sends only
   * the environment: then all polls look.
   */
  private void received(String message) {
    if (message.endsWith(signature)) {
      return;
    }
    others.heard();
    String[] parts = message.split(" ", -1);
    if (parts.length < 2 || !parts[0].matches("[0-9]{1,9}")) {
      return;
    }
    Waiters known = waiters.get(Integer.valueOf(parts[0]));
    Work work = parts.length == 3 ? Work.parse(parts[1]) : Work.FOR_ALL;
    if (known != null && work != null) {
      known.signal(work);
    }
  }

  /** Whether a thread of this class can do its work; logs each change. For use by one thread. */
  private static final class Health {
    private final String problem;
    private final String recovery;
    private boolean failing;

    Health(String problem, String recovery) {
      this.problem = problem;
      this.recovery = recovery;
    }

    void works() {
      if (failing) {
        log.info("{}", recovery);
      }
      failing = false;
    }

    void fails(Exception e) {
      if (!failing) {
        log.warn("{}, retrying every {} ms: {}", problem, PAUSE_MILLIS, e.getMessage());
      }
      failing = true;
    }
  }

  private void pause(Health health, Exception e) {
    if (closed) {
      return;
    }
    health.fails(e);
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed = true;
    waiters.values().forEach(Waiters::close);
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

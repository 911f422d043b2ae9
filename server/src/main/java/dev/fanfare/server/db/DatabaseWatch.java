package dev.fanfare.server.db;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the database on a connection of its own, with one statement a second, so that no load on
 * the pools delays it. It knows whether the database can be written to and has a schema that this
 * server works with, and it leaves paths that went silent: when the watching connection had to be
 * replaced, idle connections of the pools are opened anew; and a transaction that waits while
 * PostgreSQL does not work for it is given up, long before the time limit of its socket.
 *
 * <p>Questions of others travel with its looks. If one takes long, or meets a locked table, the
 * watch looks again without it. Thread-safe.
 */
public final class DatabaseWatch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DatabaseWatch.class);

  private static final long INTERVAL_MILLIS = 1_000;

  /** A result that is younger than this answers a question without another look. */
  private static final Duration FRESH = Duration.ofMillis(250);

  /** How long a question waits for a look. */
  private static final Duration PATIENCE = Duration.ofMillis(800);

  /** How long a database that answered may take for the next answer. */
  private static final Duration SILENCE = Duration.ofSeconds(2);

  private static final int SILENCE_MILLIS = (int) SILENCE.toMillis();

  /** How long a transaction waits for PostgreSQL before anyone looks what PostgreSQL does. */
  private static final Duration LONG = Duration.ofMillis(2_500);

  /** Needs new pages on the disk, as the rows of a trigger may. */
  private static final String WRITE =
      """
      create temporary table probe on commit drop as
      select md5(i::text) as noise from generate_series(1, 4096) as i
      """;

  /** What the processes of PostgreSQL have been doing for more than a second. */
  private static final String BACKENDS =
      """
      select pid, state = 'active' or state_change > clock_timestamp() - interval '1 s' as busy
        from pg_catalog.pg_stat_activity
       where pid = any (?)
      """;

  private static final String TERMINATE = "select pg_catalog.pg_terminate_backend(?)";

  private final Database database;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by lock.
  private @Nullable String problem;
  private long lookedNanos;
  private long answeredNanos;
  private boolean asked;
  private boolean closed;
  private volatile @Nullable Passenger passenger;

  // Used by the thread only.
  private @Nullable Connection connection;
  private boolean seesBackends;
  private @Nullable Integer leastSchema;

  private DatabaseWatch(Database database) {
    this.database = database;
    long now = System.nanoTime();
    this.lookedNanos = now - FRESH.toNanos();
    this.answeredNanos = now;
    this.thread = Thread.ofPlatform().name("fanfare-watch").daemon().unstarted(this::watch);
  }

  /** Starts to watch. */
  public static DatabaseWatch start(Database database) {
    DatabaseWatch watch = new DatabaseWatch(database);
    watch.thread.start();
    return watch;
  }

  /** Lets questions travel with the looks from now on. */
  public void carry(Passenger questions) {
    lock.lock();
    try {
      passenger = questions;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Why the database cannot serve requests now; null if it can. Looks at once, unless the last look
   * was a moment ago and no write has failed, and returns within a second.
   */
  public @Nullable String problem() {
    lock.lock();
    try {
      long begin = System.nanoTime();
      if (begin - lookedNanos > FRESH.toNanos() || database.diskFailure() != null) {
        asked = true;
        changed.signalAll();
        long nanos = PATIENCE.toNanos();
        while (!closed && nanos > 0 && lookedNanos - begin < 0) {
          nanos = changed.awaitNanos(nanos);
        }
      }
      long silent = System.nanoTime() - answeredNanos;
      if (problem == null && silent > SILENCE.toNanos() + INTERVAL_MILLIS * 1_000_000) {
        return "the database has not responded for "
            + TimeUnit.NANOSECONDS.toSeconds(silent)
            + " s";
      }
      return problem;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "the server is stopping";
    } finally {
      lock.unlock();
    }
  }

  private void watch() {
    while (pause()) {
      try {
        look();
      } catch (RuntimeException e) {
        log.error("The watch over the database failed, and goes on", e);
      }
    }
    disconnect();
  }

  /** Waits for the next look, or until somebody asks; returns whether to go on. */
  private boolean pause() {
    lock.lock();
    try {
      long lookAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(INTERVAL_MILLIS);
      for (long nanos = untilLook(lookAt); !closed && !asked && nanos > 0; ) {
        changed.awaitNanos(nanos);
        nanos = untilLook(lookAt);
      }
      asked = false;
      return !closed;
    } catch (InterruptedException e) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  private long untilLook(long lookAt) {
    long nanos = lookAt - System.nanoTime();
    return passenger == null ? nanos : Math.min(nanos, passenger.nanosUntilNext());
  }

  private void look() {
    boolean first = connection == null;
    try {
      lookOnce();
    } catch (SQLException e) {
      disconnect();
      if (first) {
        found("the database is away: " + Causes.of(e), false);
        return;
      }
      lookAgain();
    }
  }

  /** The connection broke; the database may still be there, over another path. */
  private void lookAgain() {
    try {
      lookOnce();
      database.reopen();
    } catch (SQLException e) {
      disconnect();
      found("the database is away: " + Causes.of(e), false);
    }
  }

  private Connection connect() throws SQLException {
    Connection open = database.connection();
    connection = open;
    open.setNetworkTimeout(Runnable::run, SILENCE_MILLIS);
    if (database.settingsOfTransaction() == null) {
      Look.limit(open);
    }
    return open;
  }

  private void lookOnce() throws SQLException {
    Connection open = connection == null ? connect() : connection;
    Passenger rider = passenger;
    Look seen =
        Look.take(open, database.settingsOfTransaction(), rider == null ? null : rider.next());
    if (seen.standby()) {
      throw Connector.standby();
    }
    // A pooler between both makes up a number of its own.
    seesBackends = seen.backend() == open.unwrap(PGConnection.class).getBackendPID();
    String schemaProblem = schemaProblem(seen.leastSchema());
    found(schemaProblem == null ? diskProblem(open) : schemaProblem, true);
    giveUpSilent(open);
  }

  /** This server works with the schema that it found first: its own start brought it there. */
  private @Nullable String schemaProblem(int least) {
    if (leastSchema == null) {
      leastSchema = least;
    }
    return least == leastSchema
        ? null
        : "a newer server has brought the schema of the database to a version that this server does"
            + " not work with. Stop this server";
  }

  /** After a write failed for want of disk space, whether writes succeed again. */
  private @Nullable String diskProblem(Connection open) throws SQLException {
    String failure = database.diskFailure();
    if (failure == null) {
      return null;
    }
    try {
      execute(open, WRITE);
      database.diskRecovered();
      return null;
    } catch (SQLException e) {
      DatabaseException reason = new DatabaseException(e);
      if (reason.isDiskFailure()) {
        return "the database cannot write: " + Causes.of(e);
      }
      if (reason.isUnavailable()) {
        throw e;
      }
      database.diskRecovered(); // a role without the privilege cannot tell: the next write will
      return null;
    }
  }

  private static void execute(Connection open, String sql) throws SQLException {
    try (Statement statement = open.createStatement()) {
      statement.execute(sql);
    }
  }

  private void giveUpSilent(Connection open) throws SQLException {
    List<Flight> waiting = seesBackends ? database.flightsLongerThan(LONG) : List.of();
    if (waiting.isEmpty()) {
      return;
    }
    Map<Integer, Flight> byBackend = new HashMap<>();
    for (Flight flight : waiting) {
      byBackend.put(flight.backend(), flight);
    }
    Map<Integer, Boolean> busy = busy(open, byBackend.keySet().toArray(Integer[]::new));
    boolean found = false;
    for (Map.Entry<Integer, Flight> flight : byBackend.entrySet()) {
      int backend = flight.getKey();
      if (!busy.getOrDefault(backend, false) && flight.getValue().waitsLongerThan(LONG)) {
        found = true;
        flight.getValue().abort();
        if (busy.containsKey(backend)) {
          terminate(open, backend); // it may hold locks
        }
      }
    }
    if (found) {
      log.warn("Connections to the database went silent, and are opened anew");
      database.reopen();
    }
  }

  private static Map<Integer, Boolean> busy(Connection open, Integer[] backends)
      throws SQLException {
    Map<Integer, Boolean> busy = new HashMap<>();
    Array pids = open.createArrayOf("int4", backends);
    try (PreparedStatement statement = open.prepareStatement(BACKENDS)) {
      statement.setArray(1, pids);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          busy.put(rows.getInt("pid"), rows.getBoolean("busy"));
        }
      }
    }
    return busy;
  }

  private static void terminate(Connection open, int backend) throws SQLException {
    try (PreparedStatement statement = open.prepareStatement(TERMINATE)) {
      statement.setInt(1, backend);
      statement.execute();
    }
  }

  private void found(@Nullable String reason, boolean answered) {
    lock.lock();
    try {
      problem = reason;
      lookedNanos = System.nanoTime();
      if (answered) {
        answeredNanos = lookedNanos;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void disconnect() {
    Connection open = connection;
    connection = null;
    if (open != null) {
      try {
        open.abort(Runnable::run); // to close it would wait for a silent path
      } catch (SQLException e) {
        log.debug("Closing a broken connection failed", e);
      }
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      thread.join(SILENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package dev.fanfare.server.db;

import dev.fanfare.server.result.Result;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;

/**
 * Pools of connections to a PostgreSQL database, in which work runs as transactions. Their size
 * limits the concurrency of the server: virtual threads queue for a connection, for a bounded time,
 * and no thread keeps one while it waits for a client. Some connections are reserved for sweeps and
 * for what keeps workers' runs alive. Thread-safe.
 */
public final class Database implements AutoCloseable {
  /** The schema of all tables, which is the search path of every connection. */
  public static final String SCHEMA = "fanfare";

  private static final int TRIES_MAX = 4;

  /** Whose turn it is on this thread; unbound for the work of requests. */
  private static final ScopedValue<Work> WORK = ScopedValue.newInstance();

  private final Connector connector;
  private final @Nullable Connector direct;
  private final Pools pools;
  private final IdRanges ranges;
  private final Duration wait;

  private final Semaphore reads; // at least half of the connections stay for what writes
  private final Semaphore sweeps; // one reserved connection stays for what cannot wait

  private final Set<Flight> flights = ConcurrentHashMap.newKeySet();
  private final AtomicInteger generation = new AtomicInteger();
  private volatile @Nullable String diskFailure;
  private volatile DelayListener delays = (environmentId, dueAt) -> {};

  private Database(
      Connector connector,
      @Nullable Connector direct,
      Pools pools,
      IdRanges ranges,
      Duration wait) {
    this.connector = connector;
    this.direct = direct;
    this.pools = pools;
    this.ranges = ranges;
    this.wait = wait;
    this.reads = new Semaphore(Math.max(1, pools.requestSize() / 2), true);
    this.sweeps = new Semaphore(Math.max(1, pools.reservedSize() - 1), true);
  }

  /** Which connections work uses. */
  private enum Work {
    SWEEP,
    URGENT
  }

  /**
   * Opens pools.
   *
   * @param connections the maximum number of connections for requests, at least 1. Two or three
   *     more are reserved for {@link #sweep} and {@link #urgent}
   * @param wait how long a thread waits for a connection before it fails
   * @param ranges the grid of the partitions
   * @throws DatabaseException when the database cannot be reached
   */
  public static Database open(
      DatabaseAddress address, int connections, Duration wait, IdRanges ranges) {
    Connector connector = new Connector(address, SessionSettings.WORK);
    DatabaseAddress direct = address.direct();
    try {
      connector.findPooler();
      connector.open().close(); // a pool would try, in vain, for much longer
      return new Database(
          connector,
          direct == null ? null : Connector.quiet(direct, SessionSettings.WORK),
          new Pools(connector, connections, wait),
          ranges,
          wait);
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /**
   * How many of {@code total} connections are for requests, when the reserved ones, one for {@link
   * Signals} and one that watches the database count, too.
   *
   * @param total at least 5
   */
  public static int requestConnections(int total) {
    return Pools.requestConnections(total);
  }

  /**
   * Waits for a database that is starting, and checks that a server can work with it.
   *
   * @param patience how long to wait
   * @return its version and its name, for the log
   * @throws UnusableDatabaseException when it stays away, or a server cannot work with it
   * @throws DatabaseException when it rejects the login, or does not exist
   */
  public static String check(DatabaseAddress address, Duration patience) {
    return DatabaseCheck.run(address, patience);
  }

  /**
   * Migrates the schema to the version of this server, and returns that version. Several servers
   * may do it at the same time.
   *
   * @throws UnusableDatabaseException when a newer server has migrated the schema
   * @throws FlywayException when a migration fails
   */
  public static String migrate(DatabaseAddress address) {
    return Migration.run(address);
  }

  /** The version of the schema, or {@code null} when there is none yet. Changes nothing. */
  public static @Nullable String schemaVersion(DatabaseAddress address) {
    return Migration.version(address);
  }

  /** Sets who learns of delayed runs; nobody else does. */
  public void onDelay(DelayListener listener) {
    delays = listener;
  }

  /**
   * Runs {@code work} in a transaction in one environment, and commits it. Any exception rolls it
   * back. After a deadlock or a serialization conflict, and when the connection was lost before the
   * commit, the work runs again, so it must have no effect outside the transaction.
   */
  public <T extends @Nullable Object> T transaction(int environmentId, Function<Tx, T> work) {
    return retrying(environmentId, Mode.WRITE, work);
  }

  /**
   * As {@link #transaction(int, Function)}, for work that is not limited to one environment. Its
   * statements cannot use {@code :environment}.
   */
  public <T extends @Nullable Object> T transaction(Function<Tx, T> work) {
    return retrying(null, Mode.WRITE, work);
  }

  /**
   * As {@link #transaction(int, Function)}, for work that a crash of the database may undo: the
   * commit does not wait for the disk. What is lost then is the work of the last second at most,
   * and of each transaction all or nothing.
   */
  public <T extends @Nullable Object> T undoable(int environmentId, Function<Tx, T> work) {
    return retrying(environmentId, Mode.UNDOABLE, work);
  }

  /**
   * As {@link #transaction(int, Function)}, but a refusal rolls the transaction back, so that
   * nothing is stored.
   */
  public <T> Result<T> attempt(int environmentId, Function<Tx, Result<T>> work) {
    try {
      return retrying(
          environmentId,
          Mode.WRITE,
          tx -> {
            Result<T> result = work.apply(tx);
            if (result instanceof Result.Refused<T> refused) {
              throw new RollBack(refused.refusal());
            }
            return result;
          });
    } catch (RollBack e) {
      return Result.refused(e.refusal());
    }
  }

  /**
   * Runs read-only {@code work} in a transaction whose statements all see the database at the same
   * point in time. Costs one round trip more than {@link #transaction(int, Function)}. Such reads
   * can be long, so they get at most half of the connections of requests.
   *
   * @throws DatabaseException as unavailable, when too many reads are running for too long
   */
  public <T extends @Nullable Object> T snapshot(int environmentId, Function<Tx, T> work) {
    return bounded(
        reads, "too many reads are running", () -> retrying(environmentId, Mode.SNAPSHOT, work));
  }

  /**
   * Runs read-only {@code work} that selects rows by optional conditions: each statement is planned
   * for its actual parameters, sorts only what no index has in its order, sees what is committed
   * when it begins, and may take 5 s. Costs one round trip more than {@link #transaction(int,
   * Function)}. Gets the connections of {@link #snapshot}.
   *
   * @throws DatabaseException as unavailable, when too many reads are running for too long; as
   *     {@linkplain DatabaseException#isTimedOut timed out}, when a statement takes too long
   */
  public <T extends @Nullable Object> T list(int environmentId, Function<Tx, T> work) {
    return bounded(
        reads, "too many reads are running", () -> retrying(environmentId, Mode.LIST, work));
  }

  /**
   * Runs the transactions of {@code work} on connections that requests cannot take. One of them
   * stays for {@link #urgent}.
   *
   * @throws DatabaseException as unavailable, when other sweeps hold the connections for too long
   */
  public <T extends @Nullable Object> T sweep(Supplier<T> work) {
    return bounded(sweeps, "too many sweeps are running", () -> on(Work.SWEEP, work));
  }

  /**
   * Runs the transactions of {@code work}, which must be short, on connections that neither
   * requests nor sweeps can take all of: what keeps the runs of workers alive.
   */
  public <T extends @Nullable Object> T urgent(Supplier<T> work) {
    return on(Work.URGENT, work);
  }

  private static <T extends @Nullable Object> T on(Work connections, Supplier<T> work) {
    return ScopedValue.where(WORK, connections).call(work::get);
  }

  private <T extends @Nullable Object> T bounded(
      Semaphore permits, String problem, Supplier<T> work) {
    try {
      if (!permits.tryAcquire(wait.toNanos(), TimeUnit.NANOSECONDS)) {
        throw DatabaseException.busy("No connection within " + wait + ": " + problem);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DatabaseException.busy("Interrupted while waiting for a connection");
    }
    try {
      return work.get();
    } finally {
      permits.release();
    }
  }

  private <T extends @Nullable Object> T retrying(
      @Nullable Integer environmentId, Mode mode, Function<Tx, T> work) {
    for (int tries = 1; ; tries++) {
      try {
        return once(environmentId, mode, tries > 1, work);
      } catch (DatabaseException e) {
        if (tries
            >= (e.isConflict() ? TRIES_MAX : e.isDuplicate() || e.isLostBeforeCommit() ? 2 : 1)) {
          throw e;
        }
      }
    }
  }

  private <T extends @Nullable Object> T once(
      @Nullable Integer environmentId, Mode mode, boolean repeated, Function<Tx, T> work) {
    boolean isReserved = WORK.isBound();
    try (Connection connection = pools.borrow(isReserved)) {
      Flight flight = new Flight(connection);
      flights.add(flight);
      boolean committing = false;
      try {
        Tx tx = new Tx(flight, ranges, environmentId, repeated);
        tx.begin(mode, connector.settingsOfTransaction());
        T result = work.apply(tx);
        committing = true;
        tx.commit();
        tx.committed(delays);
        return result;
      } catch (Throwable e) {
        rollback(connection, e);
        if (e instanceof DatabaseException failure) {
          learn(failure, committing, isReserved, connection);
        }
        throw e;
      } finally {
        flights.remove(flight);
      }
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private void learn(
      DatabaseException failure, boolean committing, boolean isReserved, Connection connection) {
    if (failure.spoilsConnection()) {
      pools.evict(isReserved, connection);
    }
    if (failure.isReadOnly()) {
      reopen();
    }
    if (failure.isConnectionLost()) {
      if (!committing) {
        failure.happenedBeforeCommit();
      }
      pools.reopen(); // the others were probably lost with it
    }
    if (failure.isDiskFailure()) {
      diskFailure = String.valueOf(failure.getMessage());
    }
  }

  /** Has every connection opened anew before it is used again, that of {@link Signals}, too. */
  void reopen() {
    generation.incrementAndGet();
    pools.reopen();
  }

  private static void rollback(Connection connection, Throwable cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /** How often all connections had to be opened anew. */
  int generation() {
    return generation.get();
  }

  /** The transactions that have been waiting for PostgreSQL for longer than {@code bound}. */
  List<Flight> flightsLongerThan(Duration bound) {
    return flights.stream().filter(flight -> flight.waitsLongerThan(bound)).toList();
  }

  /** The error of the last write that failed for want of disk space; null after a recovery. */
  @Nullable String diskFailure() {
    return diskFailure;
  }

  void diskRecovered() {
    diskFailure = null;
  }

  /** A connection outside the pools, in auto-commit mode. The caller must close it. */
  Connection connection() throws SQLException {
    return connector.open();
  }

  /**
   * The statement with which each transaction must begin; null unless a pooler shares connections.
   */
  @Nullable String settingsOfTransaction() {
    return connector.settingsOfTransaction();
  }

  /**
   * Whether a connection can stay with one process of PostgreSQL, and so receive notifications. A
   * pooler that shares connections forbids it, unless there is a direct address.
   */
  boolean canListen() {
    return direct != null || !connector.isShared();
  }

  /**
   * A connection that {@link #canListen}, outside the pools, in auto-commit mode. The caller must
   * close it.
   */
  Connection listeningConnection() throws SQLException {
    return direct == null ? connection() : direct.open();
  }

  /** The version of PostgreSQL, such as {@code 18.6}. */
  public String serverVersion() {
    return transaction(tx ->
        Objects.requireNonNull(tx.sql("show server_version").first(r -> r.text("server_version"))));
  }

  /** The time by the database's clock, which leases and sweeps use. */
  public Instant now() {
    return transaction(tx ->
        Objects.requireNonNull(
            tx.sql("select clock_timestamp() as now").first(r -> r.instant("now"))));
  }

  @Override
  public void close() {
    connector.close();
    if (direct != null) {
      direct.close();
    }
    pools.close();
  }
}

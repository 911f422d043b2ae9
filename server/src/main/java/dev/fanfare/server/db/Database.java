package dev.fanfare.server.db;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
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

  /** How long a connection that was idle may take to prove that it is alive. */
  private static final Duration VALIDATION = Duration.ofSeconds(2);

  /** Whose turn it is on this thread; unbound for the work of requests. */
  private static final ScopedValue<Work> WORK = ScopedValue.newInstance();

  private final Connector connector;
  private final HikariDataSource requests;
  private final HikariDataSource reserved;
  private final Duration wait;

  private final Semaphore reads; // at least half of the connections stay for what writes
  private final Semaphore sweeps; // one reserved connection stays for what cannot wait

  private final Set<Flight> flights = ConcurrentHashMap.newKeySet();
  private final AtomicInteger generation = new AtomicInteger();
  private volatile @Nullable String diskFailure;

  private Database(
      Connector connector, HikariDataSource requests, HikariDataSource reserved, Duration wait) {
    this.connector = connector;
    this.requests = requests;
    this.reserved = reserved;
    this.wait = wait;
    this.reads = new Semaphore(Math.max(1, requests.getMaximumPoolSize() / 2), true);
    this.sweeps = new Semaphore(Math.max(1, reserved.getMaximumPoolSize() - 1), true);
  }

  /** Which connections work uses. */
  private enum Work {
    SWEEP,
    URGENT
  }

  /**
   * The address of a database, and the login.
   *
   * @param jdbcUrl a {@code jdbc:postgresql:} URL
   * @param user the user; absent means the driver's default
   * @param password the password; absent when the server needs none
   */
  public record Address(String jdbcUrl, @Nullable String user, @Nullable String password) {
    @Override
    public String toString() {
      return "Address["
          + jdbcUrl.replaceAll("\\?.*", "")
          + "]"; // parameters can contain a password
    }
  }

  /**
   * Opens pools.
   *
   * @param connections the maximum number of connections for requests, at least 1. Two or three
   *     more are reserved for {@link #sweep} and {@link #urgent}
   * @param wait how long a thread waits for a connection before it fails
   * @throws DatabaseException when the database cannot be reached
   */
  public static Database open(Address address, int connections, Duration wait) {
    Connector connector = new Connector(address, SessionSettings.WORK);
    try {
      connector.open().close(); // a pool would try, in vain, for much longer
      return new Database(
          connector,
          pool("fanfare", connector, connections, wait),
          pool("fanfare-reserved", connector, reservedConnections(connections), wait),
          wait);
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private static int reservedConnections(int requestConnections) {
    return Math.clamp(requestConnections / 4, 2, 3);
  }

  /**
   * How many of {@code total} connections are for requests, when the reserved ones, one for {@link
   * Signals} and one that watches the database count, too.
   *
   * @param total at least 5
   */
  public static int requestConnections(int total) {
    int requests = total - 2 - 2;
    while (requests + reservedConnections(requests) + 2 > total) {
      requests--;
    }
    return requests;
  }

  private static HikariDataSource pool(
      String name, Connector connector, int connections, Duration wait) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(name);
    config.setDataSource(connector);
    config.setMaximumPoolSize(connections);
    config.setConnectionTimeout(wait.toMillis());
    config.setValidationTimeout(Math.min(VALIDATION.toMillis(), wait.toMillis()));
    config.setInitializationFailTimeout(-1); // the first connection was made outside the pool
    config.setAutoCommit(false);
    // Ends the transaction of a validation, which would be the first one of whoever borrows it.
    config.setIsolateInternalQueries(true);
    return new HikariDataSource(config);
  }

  /**
   * Waits for a database that is starting, and checks that a server can work with it.
   *
   * @param patience how long to wait
   * @return its version and its name, for the log
   * @throws UnusableDatabaseException when it stays away, or a server cannot work with it
   * @throws DatabaseException when it rejects the login, or does not exist
   */
  public static String check(Address address, Duration patience) {
    return DatabaseCheck.run(address, patience);
  }

  /**
   * Migrates the schema to the version of this server, and returns that version. Several servers
   * may do it at the same time.
   *
   * @throws UnusableDatabaseException when a newer server has migrated the schema
   * @throws FlywayException when a migration fails
   */
  public static String migrate(Address address) {
    return Migration.run(address);
  }

  /** The version of the schema, or {@code null} when there is none yet. Changes nothing. */
  public static @Nullable String schemaVersion(Address address) {
    return Migration.version(address);
  }

  /**
   * Runs {@code work} in a transaction in one environment, and commits it. Any exception rolls it
   * back. After a deadlock or a serialization conflict the work runs again, so it must have no
   * effect outside the transaction.
   */
  public <T extends @Nullable Object> T transaction(int environmentId, Function<Tx, T> work) {
    return retrying(environmentId, work);
  }

  /**
   * As {@link #transaction(int, Function)}, for work that is not limited to one environment. Its
   * statements cannot use {@code :environment}.
   */
  public <T extends @Nullable Object> T transaction(Function<Tx, T> work) {
    return retrying(null, work);
  }

  /**
   * As {@link #transaction(int, Function)}, but a refusal rolls the transaction back, so that
   * nothing is stored.
   */
  public <T> Result<T> attempt(int environmentId, Function<Tx, Result<T>> work) {
    try {
      return retrying(
          environmentId,
          tx -> {
            Result<T> result = work.apply(tx);
            if (result instanceof Result.Refused<T> refused) {
              throw new RollBack(refused.refusal());
            }
            return result;
          });
    } catch (RollBack e) {
      return Result.refused(e.refusal);
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
        reads,
        "too many reads are running",
        () ->
            transaction(
                environmentId,
                tx -> {
                  tx.sql("set transaction isolation level repeatable read, read only").update();
                  return work.apply(tx);
                }));
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

  /** Rolls a transaction back for a refusal. */
  private static final class RollBack extends RuntimeException {
    private final transient Refusal refusal;

    RollBack(Refusal refusal) {
      super(null, null, false, false);
      this.refusal = refusal;
    }
  }

  private <T extends @Nullable Object> T retrying(
      @Nullable Integer environmentId, Function<Tx, T> work) {
    for (int tries = 1; ; tries++) {
      try {
        return once(environmentId, work);
      } catch (DatabaseException e) {
        if (!e.isConflict() || tries == TRIES_MAX) {
          throw e;
        }
      }
    }
  }

  private <T extends @Nullable Object> T once(
      @Nullable Integer environmentId, Function<Tx, T> work) {
    HikariDataSource pool = WORK.isBound() ? reserved : requests;
    try (Connection connection = borrow(pool)) {
      Flight flight = new Flight(connection);
      flights.add(flight);
      try {
        T result = work.apply(new Tx(flight, environmentId));
        flight.commit();
        return result;
      } catch (Throwable e) {
        rollback(connection, e);
        if (e instanceof DatabaseException failure) {
          learn(failure, pool, connection);
        }
        throw e;
      } finally {
        flights.remove(flight);
      }
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private void learn(DatabaseException failure, HikariDataSource pool, Connection connection) {
    if (failure.spoilsConnection()) {
      pool.evictConnection(connection);
    }
    if (failure.isReadOnly()) {
      reopen();
    }
    if (failure.isDiskFailure()) {
      diskFailure = String.valueOf(failure.getMessage());
    }
  }

  private Connection borrow(HikariDataSource pool) throws SQLException {
    try {
      return pool.getConnection();
    } catch (SQLTransientConnectionException e) {
      SQLException away = connector.failure();
      throw away == null
          ? e
          : new SQLTransientConnectionException(
              "The database is away: " + Causes.of(away), away.getSQLState(), e);
    }
  }

  /** Has every connection opened anew before it is used again, that of {@link Signals}, too. */
  void reopen() {
    generation.incrementAndGet();
    for (HikariDataSource pool : List.of(requests, reserved)) {
      HikariPoolMXBean connections = pool.getHikariPoolMXBean();
      if (connections != null) {
        connections.softEvictConnections();
      }
    }
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
    requests.close();
    reserved.close();
  }
}

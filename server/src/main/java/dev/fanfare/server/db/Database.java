package dev.fanfare.server.db;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.jspecify.annotations.Nullable;

/**
 * A pool of connections to a PostgreSQL database, in which work runs as transactions. The size of
 * the pool limits the concurrency of the server: virtual threads queue for a connection, and no
 * thread keeps one while it waits for a client. Thread-safe.
 */
public final class Database implements AutoCloseable {
  /** The schema of all tables, which is the search path of every connection. */
  public static final String SCHEMA = "fanfare";

  /**
   * Planner options of every connection. The tables of a queue fill and empty within minutes, so
   * statistics are always out of date, and a plan from the time when a table was empty would scan
   * all of it when it is full. But every statement is written for one index. So each statement is
   * planned once for a connection (planning a claim takes longer than executing it), and plans that
   * scan whole tables are the last resort. Lists and reads of runs use {@link
   * Statement#listReplanned}.
   */
  private static final String PLANS =
      """
      set plan_cache_mode = force_generic_plan;
      set enable_seqscan = off;
      set enable_bitmapscan = off;
      set enable_mergejoin = off;
      set jit = off
      """;

  private static final int TRIES_MAX = 4;

  private final HikariDataSource pool;

  private Database(HikariDataSource pool) {
    this.pool = pool;
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
   * Opens a pool.
   *
   * @param connections the maximum number of connections, at least 2
   * @param wait how long a thread waits for a connection before it fails
   */
  public static Database open(Address address, int connections, Duration wait) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("fanfare");
    config.setJdbcUrl(address.jdbcUrl());
    config.setUsername(address.user());
    config.setPassword(address.password());
    config.setMaximumPoolSize(connections);
    config.setConnectionTimeout(wait.toMillis());
    config.setAutoCommit(false);
    config.setSchema(SCHEMA);
    config.setConnectionInitSql(PLANS);
    // Commits the options. Otherwise, they end with a first transaction that rolls back.
    config.setIsolateInternalQueries(true);
    config.addDataSourceProperty("ApplicationName", "fanfare");
    config.addDataSourceProperty("prepareThreshold", "1");
    // When the network fails, a thread must not wait for the two hours that TCP allows.
    config.addDataSourceProperty("tcpKeepAlive", "true");
    config.addDataSourceProperty("socketTimeout", "60");
    return new Database(new HikariDataSource(config));
  }

  /**
   * Migrates the schema to the version of this server, and returns that version. Several servers
   * may do it at the same time.
   *
   * @throws FlywayException when a migration fails
   */
  public static String migrate(Address address) {
    var result = flyway(address).migrate();
    if (!result.success) {
      throw new FlywayException("The migration of the database did not finish");
    }
    return Objects.requireNonNullElse(result.targetSchemaVersion, result.initialSchemaVersion);
  }

  /** The version of the schema, or {@code null} when there is none yet. Changes nothing. */
  public static @Nullable String schemaVersion(Address address) {
    MigrationInfo current = flyway(address).info().current();
    return current == null ? null : String.valueOf(current.getVersion());
  }

  private static Flyway flyway(Address address) {
    return Flyway.configure(Database.class.getClassLoader())
        .dataSource(address.jdbcUrl(), address.user(), address.password())
        .defaultSchema(SCHEMA)
        .locations("classpath:dev/fanfare/server/db/migration")
        .load();
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
   * point in time. Costs one round trip more than {@link #transaction(int, Function)}.
   */
  public <T extends @Nullable Object> T snapshot(int environmentId, Function<Tx, T> work) {
    return transaction(
        environmentId,
        tx -> {
          tx.sql("set transaction isolation level repeatable read, read only").update();
          return work.apply(tx);
        });
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
    try (Connection connection = pool.getConnection()) {
      try {
        T result = work.apply(new Tx(connection, environmentId));
        connection.commit();
        return result;
      } catch (Throwable e) {
        rollback(connection, e);
        throw e;
      }
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private static void rollback(Connection connection, Throwable cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /** A connection of the pool, outside any transaction. The caller must close it. */
  Connection connection() throws SQLException {
    return pool.getConnection();
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
    pool.close();
  }
}

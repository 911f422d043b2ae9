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
import org.jspecify.annotations.Nullable;

/**
 * A pool of connections to one PostgreSQL. The size of the pool is the real limit on how much the
 * server does at once: virtual threads queue for a connection, and nobody keeps one while waiting
 * for the network or a client. Safe for use by many threads.
 */
public final class Database implements AutoCloseable {
  /** Everything Fanfare stores is in this schema, found through the connection's search path. */
  public static final String SCHEMA = "fanfare";

  /**
   * Every statement is written for an index that it names in its conditions, and the tables of a
   * queue are full in one minute and empty in the next, so that what the statistics say of them is
   * always wrong: a plan made when a table was empty reads all of it when it is full. So plans are
   * made once for a connection, not for each call (planning a claim takes longer than running it),
   * and ways that read whole tables are the last choice. What reads like a report asks for the
   * planner's full freedom, see {@link Statement#listReplanned}.
   */
  private static final String PLANS =
      """
      set plan_cache_mode = force_generic_plan;
      set enable_seqscan = off;
      set enable_bitmapscan = off;
      set enable_mergejoin = off;
      set jit = off
      """;

  private static final int CONFLICT_TRIES = 4;

  private final HikariDataSource pool;

  private Database(HikariDataSource pool) {
    this.pool = pool;
  }

  /**
   * Where the database is.
   *
   * @param jdbcUrl a {@code jdbc:postgresql:} address
   * @param user absent: the driver's default
   * @param password absent: the server asks for none
   */
  public record Address(String jdbcUrl, @Nullable String user, @Nullable String password) {
    @Override
    public String toString() {
      return "Address[" + jdbcUrl.replaceAll("\\?.*", "") + "]"; // parameters may hold a password
    }
  }

  /**
   * Opens a pool.
   *
   * @param connections how many connections to keep, from 2
   * @param wait how long a thread waits for one before it fails
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
    config.addDataSourceProperty("ApplicationName", "fanfare");
    config.addDataSourceProperty("prepareThreshold", "1");
    // A server that lost its network must not hold a thread for the two hours TCP would take.
    config.addDataSourceProperty("tcpKeepAlive", "true");
    config.addDataSourceProperty("socketTimeout", "60");
    return new Database(new HikariDataSource(config));
  }

  /** Brings the schema to this version's; several servers may do it at once. */
  public static String migrate(Address address) {
    var result =
        Flyway.configure(Database.class.getClassLoader())
            .dataSource(address.jdbcUrl(), address.user(), address.password())
            .defaultSchema(SCHEMA)
            .locations("classpath:dev/fanfare/server/db/migration")
            .load()
            .migrate();
    if (!result.success) {
      throw new FlywayException("The migration did not finish");
    }
    return Objects.requireNonNullElse(result.targetSchemaVersion, result.initialSchemaVersion);
  }

  /**
   * Runs {@code work} in one transaction in one environment and commits it; any exception rolls it
   * back. Work that lost a deadlock is run again from its beginning, so it must not have effects
   * outside.
   */
  public <T extends @Nullable Object> T transaction(int environmentId, Function<Tx, T> work) {
    return retrying(environmentId, work);
  }

  /**
   * As {@link #transaction(int, Function)}, for work that belongs to no environment or to several.
   * Its statements have no {@code :environment}.
   */
  public <T extends @Nullable Object> T transaction(Function<Tx, T> work) {
    return retrying(null, work);
  }

  /** As {@link #transaction(int, Function)}, but a refusal rolls back: it has stored nothing. */
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

  /** Carries a refusal out of its transaction. */
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
        if (!e.isConflict() || tries == CONFLICT_TRIES) {
          throw e;
        }
      }
    }
  }

  /**
   * Runs {@code work} that only reads, all its statements on one picture of the data. One round
   * trip more than {@link #transaction}.
   */
  public <T extends @Nullable Object> T snapshot(int environmentId, Function<Tx, T> work) {
    return transaction(
        environmentId,
        tx -> {
          tx.sql("set transaction isolation level repeatable read, read only").update();
          return work.apply(tx);
        });
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

  /** A connection outside any transaction, for listening; it counts against the pool. */
  Connection connection() throws SQLException {
    return pool.getConnection();
  }

  /** The database's clock, which dates every lease and every sweep. */
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

package dev.fanfare.server.db;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * Opens connections to one database, sets them up, and knows whether the database is away: it says
 * so once in the log when it goes, with the cause, and once when it is back. Thread-safe.
 *
 * <p>The pools open their connections here. While the database is away, {@link #getConnection}
 * itself tries again every quarter of a second: a pool that is told of each failure would wait
 * longer and longer.
 */
final class Connector implements DataSource, AutoCloseable {
  private static final org.slf4j.Logger log = org.slf4j.LoggerFactory.getLogger(Connector.class);

  private static final String CONNECT_TIMEOUT_SECONDS = "3";

  /** How long a server may be silent while the connection is set up. */
  private static final String LOGIN_SILENCE_SECONDS = "5";

  /** Longer than PostgreSQL lets a statement run, so that it is PostgreSQL that ends it. */
  private static final int SILENCE_MILLIS = 35_000;

  private static final long RETRY_MILLIS = 250;

  private final SessionSettings settings;
  private final String url;
  private final Properties properties;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /**
   * Null, unless a pooler shares connections between transactions: the statement that applies the
   * settings to one transaction.
   */
  private volatile @Nullable String settingsOfTransaction;

  /** Guarded by {@code lock}: why the last attempt failed; null after one that succeeded. */
  private @Nullable SQLException failure;

  private long awaySinceNanos; // guarded by lock
  private boolean closed; // guarded by lock
  private boolean quiet; // set before it is used
  private int silenceMillis = SILENCE_MILLIS; // set before it is used

  /**
   * A connector whose connections have these settings.
   *
   * @throws IllegalStateException when the driver does not understand the URL
   */
  Connector(DatabaseAddress address, SessionSettings settings) {
    JvmTimeZone.expand();
    this.settings = settings;
    this.properties = properties(address);
    this.url = address.jdbcUrl().replaceFirst("\\?.*", "");
  }

  /** As the constructor, but what goes wrong is not logged: the caller says it. */
  static Connector quiet(DatabaseAddress address, SessionSettings settings) {
    Connector connector = new Connector(address, settings);
    connector.quiet = true;
    return connector;
  }

  /** Lets statements take as long as they need: copying a large table is silent for minutes. */
  void allowSilence() {
    silenceMillis = 0;
  }

  /** The parameters of the URL, overruled by what a server depends on. */
  private static Properties properties(DatabaseAddress address) {
    Properties properties = Driver.parseURL(address.jdbcUrl(), new Properties());
    if (properties == null) {
      throw new IllegalStateException("The JDBC driver does not understand the database's URL");
    }
    set(properties, PGProperty.USER, address.user());
    set(properties, PGProperty.PASSWORD, address.password());
    if (PGProperty.CONNECT_TIMEOUT.getOrNull(properties) == null) {
      PGProperty.CONNECT_TIMEOUT.set(properties, CONNECT_TIMEOUT_SECONDS);
    }
    if (PGProperty.APPLICATION_NAME.getOrNull(properties) == null) {
      PGProperty.APPLICATION_NAME.set(properties, "fanfare");
    }
    PGProperty.PREPARE_THRESHOLD.set(properties, "1");
    PGProperty.TCP_KEEP_ALIVE.set(properties, "true");
    PGProperty.SOCKET_TIMEOUT.set(properties, LOGIN_SILENCE_SECONDS);
    PGProperty.HOST_RECHECK_SECONDS.set(properties, "1");
    PGProperty.READ_ONLY.set(properties, "false");
    PGProperty.AUTOSAVE.set(properties, "never");
    PGProperty.PREFER_QUERY_MODE.set(properties, "extended");
    return properties;
  }

  private static void set(Properties properties, PGProperty property, @Nullable String value) {
    if (value != null) {
      property.set(properties, value);
    }
  }

  /**
   * Finds out whether a pooler shares connections between transactions. If so, no connection is set
   * up or gets a prepared statement, since both would reach others. Call it before the first {@link
   * #open}.
   *
   * @throws UnusableDatabaseException when a pooler shares connections even within transactions
   * @throws SQLException when the database does not respond, or rejects the login
   */
  void findPooler() throws SQLException {
    if (PoolingCheck.isShared(this)) {
      PGProperty.PREPARE_THRESHOLD.set(properties, "0");
      try (Connection connection = login()) {
        settingsOfTransaction = settings.ofTransaction(connection);
      }
    }
  }

  /**
   * The statement with which each transaction must begin; null when connections have the settings.
   */
  @Nullable String settingsOfTransaction() {
    return settingsOfTransaction;
  }

  /** Whether a pooler shares connections between transactions. */
  boolean isShared() {
    return settingsOfTransaction != null;
  }

  /** Opens a connection in auto-commit mode, trying once. The caller must close it. */
  Connection open() throws SQLException {
    try {
      Connection connection = connect();
      back();
      return connection;
    } catch (SQLException e) {
      away(e);
      throw e;
    }
  }

  private Connection connect() throws SQLException {
    Connection connection = login();
    try {
      if (!isShared()) {
        settings.apply(connection);
      }
      refuseStandby(connection);
      connection.setNetworkTimeout(Runnable::run, silenceMillis);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /**
   * Opens a connection in auto-commit mode without any setting, which may well be one to a standby.
   * The caller must close it.
   */
  Connection login() throws SQLException {
    Connection connection;
    try {
      connection = new Driver().connect(url, properties);
    } catch (SQLException e) {
      if (!JvmTimeZone.replaceAfter(e)) {
        throw e;
      }
      connection = new Driver().connect(url, properties);
    }
    if (connection == null) {
      throw new SQLException("The JDBC driver does not understand the database's URL");
    }
    return connection;
  }

  /**
   * Fails if the connection leads to a standby. After a failover, the address may still lead to the
   * old primary for a while, and a pooler may have led an open connection to another server.
   */
  static void refuseStandby(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        var rows = statement.executeQuery("select pg_catalog.pg_is_in_recovery()")) {
      rows.next();
      if (rows.getBoolean(1)) {
        throw standby();
      }
    }
  }

  static SQLException standby() {
    return new SQLException(
        "the server is a standby, which cannot be written to", DatabaseException.READ_ONLY);
  }

  /**
   * Opens a connection for a pool; tries again until the database is there. After failures, the
   * pool would pause for longer and longer, and not notice for seconds that the database is back.
   *
   * @throws SQLException after {@link #close}
   */
  @Override
  public Connection getConnection() throws SQLException {
    while (true) {
      try {
        return open();
      } catch (SQLException e) {
        if (!pause()) {
          throw e;
        }
      }
    }
  }

  /** Waits before the next attempt; returns whether to make one. */
  private boolean pause() throws SQLException {
    lock.lock();
    try {
      long nanos = TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS);
      while (!closed && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
      return !closed;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("Interrupted while the database is away", e);
    } finally {
      lock.unlock();
    }
  }

  private void away(SQLException e) {
    lock.lock();
    try {
      if (failure == null) {
        awaySinceNanos = System.nanoTime();
        if (!closed && !quiet) {
          log.warn("The database is away: {}", Causes.of(e));
        }
      }
      failure = e;
    } finally {
      lock.unlock();
    }
  }

  private void back() {
    lock.lock();
    try {
      if (failure != null && !quiet) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - awaySinceNanos);
        log.info("The database is back after {} s", seconds);
      }
      failure = null;
    } finally {
      lock.unlock();
    }
  }

  /** Why the last attempt to connect failed; null if it succeeded. */
  @Nullable SQLException failure() {
    lock.lock();
    try {
      return failure;
    } finally {
      lock.unlock();
    }
  }

  /** Ends attempts to connect that wait for the database. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Connection getConnection(String username, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException("The login belongs to the address");
  }

  @Override
  public @Nullable PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public void setLogWriter(PrintWriter out) {}

  /** Does nothing: the time limits of a connection are those of this class. */
  @Override
  public void setLoginTimeout(int seconds) {}

  @Override
  public int getLoginTimeout() {
    return Integer.parseInt(LOGIN_SILENCE_SECONDS);
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException("It logs through SLF4J");
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    if (!isWrapperFor(type)) {
      throw new SQLException("Not a wrapper for " + type);
    }
    return Objects.requireNonNull(type.cast(this));
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return type.isInstance(this);
  }
}

package dev.fanfare.testkit;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A database of its own for a test class, on a real PostgreSQL that all tests of this JVM share. A
 * template is migrated once and cloned in about 0.1 s; the clone is dropped on close.
 *
 * <pre>{@code
 * static final TestDatabase database = TestDatabase.create(Schema::migrate);
 *
 * @AfterAll
 * static void drop() {
 *   database.close();
 * }
 * }</pre>
 *
 * <p>The server runs with fsync off, in a temporary folder that goes when the JVM ends. Safe for
 * use by many threads.
 */
public final class TestDatabase implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final SharedPostgres postgres;
  private final String name;
  private final AtomicBoolean closed = new AtomicBoolean();

  private TestDatabase(SharedPostgres postgres, String name) {
    this.postgres = postgres;
    this.name = name;
  }

  /** An empty database. */
  public static TestDatabase create() {
    return create("nothing", (url, user, password) -> {});
  }

  /**
   * A migrated database. Templates are told apart by the migrator's class, and each lambda or
   * method reference in the source is a class of its own: keep one in a constant, or name it.
   */
  public static TestDatabase create(Migrator migrator) {
    return create(migrator.getClass().getName(), migrator);
  }

  /**
   * A migrated database. The first call with a template's name runs its migrator, later ones clone.
   *
   * @param template any words; the same words mean the same tables
   */
  public static TestDatabase create(String template, Migrator migrator) {
    SharedPostgres postgres = SharedPostgres.get();
    String name = "test_" + COUNT.incrementAndGet();
    postgres.clone(postgres.template(template, migrator), name);
    return new TestDatabase(postgres, name);
  }

  /** JDBC URL without user and password. */
  public String jdbcUrl() {
    return postgres.server().jdbcUrl(name);
  }

  /** The name to log in with; it may do everything. */
  public String user() {
    return postgres.server().user();
  }

  /** The password to log in with. */
  public String password() {
    return postgres.server().password();
  }

  /** A new connection, to be closed by the caller. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(jdbcUrl(), user(), password());
  }

  /** A source of new connections: no pool, each one is opened when asked for. */
  public DataSource dataSource() {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(jdbcUrl());
    source.setUser(user());
    source.setPassword(password());
    return source;
  }

  /** Drops the database and cuts the connections to it. Closing again does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      postgres.drop(name);
    }
  }
}

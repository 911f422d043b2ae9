package dev.fanfare.testkit;

import dev.fanfare.postgres.EmbeddedPostgres;
import dev.fanfare.postgres.EmbeddedPostgresConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A separate database for one test class, on a real PostgreSQL server that all tests of this JVM
 * share. Each database is a clone of a template, which is migrated once; cloning takes about 0.1 s.
 * Closing drops the clone.
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
 * <p>The server runs with fsync off, in a temporary folder that is deleted when the JVM ends.
 * Thread-safe.
 */
public final class TestDatabase implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final EmbeddedPostgres server;
  private final String name;
  private final Runnable drop;
  private final AtomicBoolean closed = new AtomicBoolean();

  private TestDatabase(EmbeddedPostgres server, String name, Runnable drop) {
    this.server = server;
    this.name = name;
    this.drop = drop;
  }

  /** Creates an empty database. */
  public static TestDatabase create() {
    return create("nothing", (url, user, password) -> {});
  }

  /**
   * Creates a migrated database. The migrator's class identifies the template. Every lambda and
   * every method reference in the source has its own class, so keep it in a constant, or use {@link
   * #create(String, Migrator)}.
   */
  public static TestDatabase create(Migrator migrator) {
    return create(migrator.getClass().getName(), migrator);
  }

  /**
   * Creates a migrated database. The first call with a template name runs the migrator; later calls
   * clone its result.
   *
   * @param template any name; the same name always means the same tables
   */
  public static TestDatabase create(String template, Migrator migrator) {
    SharedPostgres postgres = SharedPostgres.get();
    String name = "test_" + COUNT.incrementAndGet();
    postgres.clone(postgres.template(template, migrator), name);
    return new TestDatabase(postgres.server(), name, () -> postgres.drop(name));
  }

  /**
   * Creates an empty database on a server of its own, which is as durable as in production, for
   * what depends on it: about 2 s. Closing stops the server.
   */
  public static TestDatabase createDurable() {
    try {
      Path home = TemporaryHome.create();
      EmbeddedPostgres server = EmbeddedPostgres.start(EmbeddedPostgresConfig.in(home));
      return new TestDatabase(server, "fanfare", () -> SharedPostgres.end(server, home));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The JDBC URL, without user and password. */
  public String jdbcUrl() {
    return server.jdbcUrl(name);
  }

  /** The user to log in with, a superuser. */
  public String user() {
    return server.user();
  }

  /** The password to log in with. */
  public String password() {
    return server.password();
  }

  /** Opens a new connection, which the caller must close. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(jdbcUrl(), user(), password());
  }

  /** A data source without a pool: it opens a new connection on each call. */
  public DataSource dataSource() {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(jdbcUrl());
    source.setUser(user());
    source.setPassword(password());
    return source;
  }

  /** Drops the database and terminates its connections. Closing again does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      drop.run();
    }
  }
}

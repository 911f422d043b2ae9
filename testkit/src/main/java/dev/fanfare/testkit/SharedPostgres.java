package dev.fanfare.testkit;

import dev.fanfare.postgres.EmbeddedPostgres;
import dev.fanfare.postgres.EmbeddedPostgresConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The single PostgreSQL server of this JVM, and its template databases. */
final class SharedPostgres {
  private final EmbeddedPostgres server;
  private final AtomicInteger count = new AtomicInteger();
  private final ConcurrentMap<String, String> templates = new ConcurrentHashMap<>();

  private SharedPostgres(EmbeddedPostgres server) {
    this.server = server;
  }

  /** Returns the server; the first call starts it. */
  static SharedPostgres get() {
    return Holder.SHARED;
  }

  private static final class Holder {
    static final SharedPostgres SHARED = start();
  }

  private static SharedPostgres start() {
    try {
      Path home = TemporaryHome.create();
      EmbeddedPostgres server =
          EmbeddedPostgres.start(EmbeddedPostgresConfig.in(home).withoutDurability());
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> end(server, home)));
      return new SharedPostgres(server);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Stops a server, and deletes its folder. */
  static void end(EmbeddedPostgres server, Path home) {
    server.close();
    try {
      TemporaryHome.delete(home);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  EmbeddedPostgres server() {
    return server;
  }

  /** Returns the template of that name. The first caller migrates it while the others wait. */
  String template(String name, Migrator migrator) {
    return templates.computeIfAbsent(name, absent -> makeTemplate(migrator));
  }

  private String makeTemplate(Migrator migrator) {
    String template = "template_" + count.incrementAndGet();
    execute("create database " + template);
    try {
      migrator.migrate(server.jdbcUrl(template), server.user(), server.password());
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new IllegalStateException("The migrator of a test template failed", e);
    }
    // PostgreSQL clones only databases without connections: forbid new ones, terminate the rest.
    execute(
        "alter database " + template + " with allow_connections false",
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '"
            + template
            + "'");
    return template;
  }

  void clone(String template, String name) {
    // file_copy takes 80 ms, half as long as wal_log; the two checkpoints that it needs cost
    // nothing without fsync.
    execute("create database " + name + " template " + template + " strategy file_copy");
  }

  void drop(String name) {
    execute("drop database if exists " + name + " with (force)");
  }

  private void execute(String... statements) {
    try (Connection connection =
            DriverManager.getConnection(
                server.jdbcUrl("postgres"), server.user(), server.password());
        Statement statement = connection.createStatement()) {
      for (String sql : List.of(statements)) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(
          "A statement on the test server failed: " + e.getMessage(), e);
    }
  }
}

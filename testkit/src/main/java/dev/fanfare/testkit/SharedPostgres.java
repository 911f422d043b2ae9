package dev.fanfare.testkit;

import dev.fanfare.postgres.EmbeddedPostgres;
import dev.fanfare.postgres.EmbeddedPostgresConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;

/** The one server of this JVM and the templates on it. */
final class SharedPostgres {
  private final EmbeddedPostgres server;
  private final ConcurrentMap<String, String> templates = new ConcurrentHashMap<>();

  private SharedPostgres(EmbeddedPostgres server) {
    this.server = server;
  }

  /** Starts the server at the first call. */
  static SharedPostgres get() {
    return Holder.SHARED;
  }

  private static final class Holder {
    static final SharedPostgres SHARED = start();
  }

  private static SharedPostgres start() {
    try {
      Path home = Files.createTempDirectory("fanfare-test-");
      EmbeddedPostgres server =
          EmbeddedPostgres.start(EmbeddedPostgresConfig.in(home).withoutDurability());
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> end(server, home)));
      return new SharedPostgres(server);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void end(EmbeddedPostgres server, Path home) {
    server.close();
    try (Stream<Path> all = Files.walk(home)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  EmbeddedPostgres server() {
    return server;
  }

  /** The template of that name, migrated by the first who asks while the others wait. */
  String template(String name, Migrator migrator) {
    return templates.computeIfAbsent(
        name, absent -> makeTemplate("template_" + (templates.size() + 1), migrator));
  }

  private String makeTemplate(String template, Migrator migrator) {
    // A number may come twice when two are made at once.
    String unique = template + "_" + Long.toString(System.nanoTime(), 36);
    execute("create database " + unique);
    try {
      migrator.migrate(server.jdbcUrl(unique), server.user(), server.password());
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new IllegalStateException("The migrator of a test template failed", e);
    }
    // Cloning needs a template that nobody is connected to: keep all out, cut who stayed.
    execute(
        "alter database " + unique + " with allow_connections false",
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '"
            + unique
            + "'");
    return unique;
  }

  void clone(String template, String name) {
    execute("create database " + name + " template " + template);
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
      throw new IllegalStateException("Test database: " + e.getMessage(), e);
    }
  }
}

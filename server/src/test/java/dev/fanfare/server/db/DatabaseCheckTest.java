package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.testkit.DatabaseProxy;
import dev.fanfare.testkit.TestDatabase;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which databases a server refuses to start on, and which it waits for. */
class DatabaseCheckTest {
  private static final Duration NONE = Duration.ZERO;

  /** Longer than any test may take: whoever waits for it fails. */
  private static final Duration LONG = Duration.ofMinutes(10);

  private TestDatabase home;

  @BeforeEach
  void create() {
    home = TestDatabase.create();
  }

  @AfterEach
  void drop() {
    home.close();
  }

  private DatabaseAddress address() {
    return address(home.jdbcUrl(), home.user(), home.password());
  }

  private static DatabaseAddress address(String url, String user, String password) {
    return new DatabaseAddress(url, user, password);
  }

  private void execute(String... statements) throws SQLException {
    try (Connection connection = home.connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private String name() {
    return home.jdbcUrl().replaceFirst(".*/", "");
  }

  @Test
  void names_what_it_found() {
    assertThat(Database.check(address(), NONE)).matches("PostgreSQL 1[5-9].*, database " + name());
  }

  @ParameterizedTest
  @ValueSource(strings = {"LATIN1", "SQL_ASCII"})
  void a_database_that_cannot_store_every_text_is_refused(String encoding) throws SQLException {
    String other = name() + "_" + encoding.toLowerCase(java.util.Locale.ROOT);
    execute(
        "create database %s encoding '%s' locale 'C' template template0"
            .formatted(other, encoding));
    try {
      String url = home.jdbcUrl().replace(name(), other);
      assertThatThrownBy(() -> Database.check(address(url, home.user(), home.password()), LONG))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessageContaining("has the encoding " + encoding)
          .hasMessageContaining("encoding 'UTF8'");
    } finally {
      execute("drop database " + other + " with (force)");
    }
  }

  @Test
  void a_role_that_may_not_create_the_schema_is_refused_with_the_grant_it_needs()
      throws SQLException {
    String role = "role_of_" + name();
    execute("create role " + role + " login password 'x'");
    try {
      DatabaseAddress poor = address(home.jdbcUrl(), role, "x");
      assertThatThrownBy(() -> Database.check(poor, LONG))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessageContaining("grant create on database");
      execute("grant create on database " + name() + " to " + role);
      assertThat(Database.check(poor, NONE)).startsWith("PostgreSQL");
      execute("create schema fanfare");
      assertThatThrownBy(() -> Database.check(poor, LONG))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessageContaining("alter schema fanfare owner");
    } finally {
      execute("revoke all on database " + name() + " from " + role, "drop role " + role);
    }
  }

  @Test
  void a_standby_is_refused_and_the_primary_asked_for() throws SQLException {
    try (PretendedStandby standby = PretendedStandby.of(home)) {
      assertThatThrownBy(() -> Database.check(address(), LONG))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessageContaining("is a standby, which cannot be written to")
          .hasMessageContaining("host1,host2");
    }
    assertThat(Database.check(address(), NONE)).startsWith("PostgreSQL");
  }

  @Test
  void a_wrong_password_and_a_missing_database_end_the_start_at_once() {
    assertThatThrownBy(() -> Database.check(address(home.jdbcUrl(), home.user(), "wrong"), LONG))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("password authentication failed");
    String missing = home.jdbcUrl() + "_missing";
    assertThatThrownBy(() -> Database.check(address(missing, home.user(), home.password()), LONG))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("does not exist");
  }

  @Test
  void an_unknown_host_ends_the_start_at_once() {
    assertThatThrownBy(
            () -> Database.check(address("jdbc:postgresql://host.invalid/app", "ann", "x"), LONG))
        .isInstanceOf(UnusableDatabaseException.class)
        .hasMessageContaining("cannot be reached")
        .hasMessageContaining("host.invalid");
  }

  @Test
  void a_database_that_is_starting_is_waited_for() throws Exception {
    URI direct = URI.create(home.jdbcUrl().substring("jdbc:".length()));
    try (DatabaseProxy proxy = DatabaseProxy.start(direct.getPort());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      proxy.refuse();
      String url = "jdbc:postgresql://127.0.0.1:" + proxy.port() + direct.getPath();
      DatabaseAddress starting = address(url, home.user(), home.password());
      assertThatThrownBy(() -> Database.check(starting, NONE))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessageContaining("cannot be reached: Connection refused");
      Future<String> found = threads.submit(() -> Database.check(starting, LONG));
      proxy.accept();
      assertThat(found.get()).startsWith("PostgreSQL");
    }
  }

  @Test
  void a_schema_of_a_newer_server_is_refused_in_our_words() throws SQLException {
    Database.migrate(address());
    execute(
        """
        insert into fanfare.flyway_schema_history
               (installed_rank, version, description, type, script, installed_by,
                execution_time, success)
        values (9999, '9999', 'of the future', 'SQL', 'V9999__of_the_future.sql', 'x', 1, true)
        """);
    assertThatThrownBy(() -> Database.migrate(address()))
        .isInstanceOf(UnusableDatabaseException.class)
        .hasMessageContaining("version 9999, which is newer than this server");
  }
}

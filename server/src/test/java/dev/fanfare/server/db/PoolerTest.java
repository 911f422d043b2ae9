package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.PgBouncer;
import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How servers work behind PgBouncer, in each of its modes. */
class PoolerTest {
  /** Longer than any test may take: whoever waits for it fails. */
  private static final Duration LONG = Duration.ofMinutes(10);

  private static final Duration WAIT = Duration.ofSeconds(20);

  /** Settings that a server depends on, and their values in each of its transactions. */
  private static final List<String> NAMES =
      List.of(
          "search_path",
          "TimeZone",
          "lock_timeout",
          "statement_timeout",
          "transaction_read_only",
          "transaction_isolation",
          "plan_cache_mode",
          "enable_seqscan",
          "synchronous_commit");

  private static final List<String> OURS =
      List.of(
          Database.SCHEMA,
          "UTC",
          "5s",
          "30s",
          "off",
          "read committed",
          "force_generic_plan",
          "off",
          "on");

  private TestDatabase home;

  @BeforeEach
  void create() {
    home = TestDatabase.create();
  }

  @AfterEach
  void drop() {
    home.close();
  }

  private DatabaseAddress direct() {
    return new DatabaseAddress(home.jdbcUrl(), home.user(), home.password());
  }

  private DatabaseAddress address(PgBouncer bouncer) {
    return new DatabaseAddress(bouncer.jdbcUrl(), home.user(), home.password());
  }

  private Connection connect(PgBouncer bouncer) throws SQLException {
    return DriverManager.getConnection(
        bouncer.jdbcUrl() + "?prepareThreshold=0", home.user(), home.password());
  }

  /** As if others had used the pooler before: it has several connections of PostgreSQL. */
  private void use(PgBouncer bouncer, int connections) throws SQLException {
    List<Connection> open = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Connection connection = connect(bouncer);
      open.add(connection);
      connection.setAutoCommit(false);
      setting(connection, "port");
    }
    for (Connection connection : open) {
      connection.commit();
      connection.close();
    }
  }

  private static String setting(Connection connection, String name) throws SQLException {
    try (ResultSet rows = connection.createStatement().executeQuery("show " + name)) {
      rows.next();
      return rows.getString(1);
    }
  }

  /** What the connection of PostgreSQL that the pooler gives to the next transaction has. */
  private List<String> settings(PgBouncer bouncer) throws SQLException {
    try (Connection connection = connect(bouncer)) {
      List<String> settings = new ArrayList<>();
      for (String name : NAMES) {
        settings.add(setting(connection, name));
      }
      settings.add(setting(connection, "role"));
      return settings;
    }
  }

  private static List<String> settings(Database database) {
    return database.transaction(tx -> settings(tx, NAMES));
  }

  private static List<String> settings(Tx tx, List<String> names) {
    return names.stream()
        .map(name -> tx.sql("show " + name).first(row -> row.text(name.toLowerCase(Locale.ROOT))))
        .toList();
  }

  @Test
  void a_pooler_that_shares_connections_between_statements_is_refused() throws Exception {
    try (PgBouncer bouncer = PgBouncer.start(home, "pool_mode = statement")) {
      assertThatThrownBy(() -> Database.check(address(bouncer), LONG))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessageContaining("FANFARE_DATABASE_URL leads to a pooler")
          .hasMessageContaining("pool_mode = transaction or session");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 20",
    "0, 1, 20",
    "0, 0, 1",
    "2, 0, 20",
    "2, 1, 20",
    "5, 0, 20",
    "5, 1, 20",
  })
  void where_a_pooler_shares_connections_each_transaction_has_our_settings(
      int usedBefore, int roundRobin, int size) throws Exception {
    try (PgBouncer bouncer =
        PgBouncer.start(
            home,
            "pool_mode = transaction",
            "server_round_robin = " + roundRobin,
            "default_pool_size = " + size)) {
      use(bouncer, usedBefore);
      DatabaseAddress address = address(bouncer);
      assertThat(Database.check(address, LONG)).startsWith("PostgreSQL");
      try (Database database = Database.open(address, 3, WAIT, MigratedDatabase.RANGES)) {
        assertThat(database.canListen()).isFalse();
        for (int i = 0; i < 10; i++) {
          assertThat(settings(database)).isEqualTo(OURS);
        }
        assertThat(
                database.<List<String>>snapshot(
                    1,
                    tx ->
                        settings(
                            tx,
                            List.of(
                                "transaction_isolation", "transaction_read_only", "search_path"))))
            .containsExactly("repeatable read", "on", Database.SCHEMA);
      }
    }
  }

  @Test
  void the_defaults_of_a_role_do_not_rule_transactions_behind_a_pooler() throws Exception {
    String role = "\"" + home.user() + "\"";
    try (Connection connection = home.connect();
        PgBouncer bouncer = PgBouncer.start(home, "pool_mode = transaction")) {
      String database = connection.getCatalog();
      for (String setting :
          List.of(
              "default_transaction_read_only = on",
              "default_transaction_isolation = 'serializable'",
              "search_path = nowhere",
              "synchronous_commit = off",
              "lock_timeout = '10min'")) {
        connection
            .createStatement()
            .execute("alter role %s in database \"%s\" set %s".formatted(role, database, setting));
      }
      try (Database behind = Database.open(address(bouncer), 3, WAIT, MigratedDatabase.RANGES)) {
        assertThat(settings(behind)).isEqualTo(OURS);
      } finally {
        connection
            .createStatement()
            .execute("alter role %s in database \"%s\" reset all".formatted(role, database));
      }
    }
  }

  @Test
  void a_migration_behind_a_pooler_leaves_nothing_on_connections_of_others() throws Exception {
    try (PgBouncer bouncer =
        PgBouncer.start(home, "pool_mode = transaction", "default_pool_size = 3")) {
      use(bouncer, 3);
      List<String> before = settings(bouncer);
      Database.check(address(bouncer), LONG);
      String version = Database.migrate(address(bouncer));
      assertThat(Database.schemaVersion(direct())).isEqualTo(version);
      assertThat(Database.migrate(address(bouncer))).isEqualTo(version);
      try (Database database = Database.open(address(bouncer), 3, WAIT, MigratedDatabase.RANGES)) {
        assertThat(settings(database)).isEqualTo(OURS);
      }
      assertThat(everyConnection(bouncer, 3)).containsOnly(before);
    }
  }

  private List<List<String>> everyConnection(PgBouncer bouncer, int size) throws SQLException {
    List<Connection> open = new ArrayList<>();
    List<List<String>> settings = new ArrayList<>();
    try {
      for (int i = 0; i < size; i++) {
        settings.add(settings(bouncer));
        Connection holder = connect(bouncer);
        open.add(holder);
        holder.setAutoCommit(false);
        setting(holder, "port"); // whoever comes next gets another one
      }
    } catch (SQLException e) {
      throw new AssertionError("only %s of %s".formatted(settings.size(), size), e);
    } finally {
      for (Connection connection : open) {
        connection.close();
      }
    }
    return settings;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void a_pooler_that_keeps_a_connection_for_each_client_needs_no_care(int roundRobin)
      throws Exception {
    try (PgBouncer bouncer =
        PgBouncer.start(home, "pool_mode = session", "server_round_robin = " + roundRobin)) {
      use(bouncer, 3);
      assertThat(Database.check(address(bouncer), LONG)).startsWith("PostgreSQL");
      String version = Database.migrate(address(bouncer));
      assertThat(Database.schemaVersion(address(bouncer))).isEqualTo(version);
      try (Database database = Database.open(address(bouncer), 3, WAIT, MigratedDatabase.RANGES)) {
        assertThat(database.canListen()).isTrue();
        assertThat(settings(database)).isEqualTo(OURS);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"session, false", "session, true", "transaction, true"})
  void servers_behind_a_pooler_hear_of_each_others_runs(String mode, boolean isDirect)
      throws Exception {
    try (PgBouncer bouncer = PgBouncer.start(home, "pool_mode = " + mode)) {
      DatabaseAddress pooled = address(bouncer);
      DatabaseAddress address = isDirect ? pooled.withDirect(direct()) : pooled;
      Database.check(address, LONG);
      try (Database database = Database.open(address, 3, WAIT, MigratedDatabase.RANGES);
          Signals here = Signals.start(database);
          Signals there = Signals.start(database)) {
        long before = there.ticket(1);
        Await.until(
            "a signal to arrive",
            Duration.ofSeconds(30),
            () -> {
              here.ready(1, Set.of(5), 1);
              return there.ticket(1) > before;
            });
      }
    }
  }

  @Test
  void a_direct_address_that_leads_to_a_pooler_is_refused() throws Exception {
    try (PgBouncer bouncer = PgBouncer.start(home, "pool_mode = transaction")) {
      assertThatThrownBy(() -> Database.check(address(bouncer).withDirect(address(bouncer)), LONG))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessageStartingWith("FANFARE_DATABASE_DIRECT_URL leads to a pooler");
    }
  }

  @Test
  void a_direct_address_of_another_database_is_refused() {
    try (TestDatabase other = TestDatabase.create()) {
      DatabaseAddress elsewhere =
          new DatabaseAddress(other.jdbcUrl(), other.user(), other.password());
      assertThatThrownBy(() -> Database.check(direct().withDirect(elsewhere), LONG))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessage(
              "FANFARE_DATABASE_DIRECT_URL leads to another database than FANFARE_DATABASE_URL");
    }
  }

  @Test
  void a_direct_address_that_leads_nowhere_is_named() {
    DatabaseAddress nowhere =
        new DatabaseAddress("jdbc:postgresql://127.0.0.1:1/fanfare", home.user(), home.password());
    assertThatThrownBy(() -> Database.check(direct().withDirect(nowhere), Duration.ZERO))
        .isInstanceOf(UnusableDatabaseException.class)
        .hasMessageStartingWith("The database in FANFARE_DATABASE_DIRECT_URL cannot be reached");
  }

  @Test
  void a_parameter_that_a_pooler_refuses_is_named_with_the_way_out() throws IOException {
    try (PgBouncer bouncer = PgBouncer.start(home, "pool_mode = session")) {
      DatabaseAddress address =
          new DatabaseAddress(
              bouncer.jdbcUrl() + "?options=-c%20geqo=off", home.user(), home.password());
      assertThatThrownBy(() -> Database.check(address, LONG))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessageContaining("unsupported startup parameter: options")
          .hasMessageContaining("ignore_startup_parameters = options");
    }
  }
}

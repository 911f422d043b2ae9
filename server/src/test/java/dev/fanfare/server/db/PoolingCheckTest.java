package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which PgBouncers between a server and its database are refused, and which serve it. */
class PoolingCheckTest {
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

  private static Connection connect(PgBouncer bouncer) throws SQLException {
    Database.Address address = bouncer.address();
    return DriverManager.getConnection(
        address.jdbcUrl() + "?prepareThreshold=0", address.user(), address.password());
  }

  /** As if others had used the pooler before: it has several connections of PostgreSQL. */
  private static void use(PgBouncer bouncer, int connections) throws SQLException {
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

  @ParameterizedTest
  @CsvSource({
    "transaction, 0, 0, 20",
    "transaction, 0, 1, 20",
    "transaction, 0, 0, 1",
    "transaction, 2, 0, 20",
    "transaction, 2, 1, 20",
    "transaction, 5, 0, 20",
    "transaction, 5, 1, 20",
    "statement, 0, 0, 20"
  })
  void a_pooler_that_shares_connections_is_refused(
      String mode, int usedBefore, int roundRobin, int size) throws Exception {
    try (PgBouncer bouncer =
        PgBouncer.start(
            home,
            "pool_mode = " + mode,
            "server_round_robin = " + roundRobin,
            "default_pool_size = " + size)) {
      use(bouncer, usedBefore);
      assertThatThrownBy(() -> Database.check(bouncer.address(), LONG))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessageContaining("FANFARE_DATABASE_URL leads to a pooler")
          .hasMessageContaining("pool_mode = session");
    }
  }

  @Test
  void the_check_leaves_no_setting_on_connections_of_others() throws Exception {
    try (PgBouncer bouncer =
        PgBouncer.start(home, "pool_mode = transaction", "default_pool_size = 1")) {
      List<String> before = settings(bouncer);
      assertThatThrownBy(() -> Database.check(bouncer.address(), LONG))
          .isInstanceOf(UnusableDatabaseException.class);
      assertThat(settings(bouncer)).isEqualTo(before);
    }
  }

  private static List<String> settings(PgBouncer bouncer) throws SQLException {
    try (Connection connection = connect(bouncer)) {
      List<String> settings = new ArrayList<>();
      for (String name : List.of("search_path", "lock_timeout", "enable_seqscan", "row_security")) {
        settings.add(setting(connection, name));
      }
      return settings;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void a_pooler_that_keeps_a_connection_for_each_client_is_taken(int roundRobin) throws Exception {
    try (PgBouncer bouncer =
        PgBouncer.start(home, "pool_mode = session", "server_round_robin = " + roundRobin)) {
      use(bouncer, 3);
      assertThat(Database.check(bouncer.address(), LONG)).startsWith("PostgreSQL");
      String version = Database.migrate(bouncer.address());
      assertThat(Database.schemaVersion(bouncer.address())).isEqualTo(version);
      try (Database database = Database.open(bouncer.address(), 3, Duration.ofSeconds(20))) {
        assertThat(
                database.<String>transaction(
                    tx -> tx.sql("show search_path").first(row -> row.text("search_path"))))
            .isEqualTo(Database.SCHEMA);
      }
    }
  }

  @Test
  void servers_behind_a_pooler_that_keeps_connections_hear_of_each_others_runs() throws Exception {
    try (PgBouncer bouncer = PgBouncer.start(home, "pool_mode = session");
        Database database = Database.open(bouncer.address(), 3, Duration.ofSeconds(20));
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

  @Test
  void a_parameter_that_a_pooler_refuses_is_named_with_the_way_out() throws IOException {
    try (PgBouncer bouncer = PgBouncer.start(home, "pool_mode = session")) {
      Database.Address plain = bouncer.address();
      Database.Address address =
          new Database.Address(
              plain.jdbcUrl() + "?options=-c%20geqo=off", plain.user(), plain.password());
      assertThatThrownBy(() -> Database.check(address, LONG))
          .isInstanceOf(UnusableDatabaseException.class)
          .hasMessageContaining("unsupported startup parameter: options")
          .hasMessageContaining("ignore_startup_parameters = options");
    }
  }
}

package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a connection is set to, whatever the defaults of its role and its database are. */
class ConnectionSettingsTest {
  private static final Duration BOUND = Duration.ofSeconds(30);

  private TestDatabase home;

  @BeforeEach
  void create() {
    home = MigratedDatabase.create();
  }

  @AfterEach
  void drop() {
    home.close();
  }

  private void execute(String... statements) throws SQLException {
    try (Connection connection = home.connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** Changes the defaults that every later connection to the database begins with. */
  private void byDefault(Map<String, String> values) throws SQLException {
    String name = home.jdbcUrl().replaceAll(".*/", "");
    execute(
        values.entrySet().stream()
            .map(e -> "alter database %s set %s = %s".formatted(name, e.getKey(), e.getValue()))
            .toArray(String[]::new));
  }

  private static String shown(Database database, String setting) {
    return database.transaction(tx ->
        tx.sql("select current_setting(:name) as value")
            .bind("name", setting)
            .first(r -> r.text("value")));
  }

  @Test
  void the_defaults_of_a_database_do_not_rule() throws SQLException {
    Map<String, String> hostile =
        new TreeMap<>(
            Map.ofEntries(
                Map.entry("statement_timeout", "'800ms'"),
                Map.entry("lock_timeout", "'1ms'"),
                Map.entry("idle_in_transaction_session_timeout", "'1ms'"),
                Map.entry("idle_session_timeout", "'1s'"),
                Map.entry("transaction_timeout", "'1s'"),
                Map.entry("client_connection_check_interval", "0"),
                Map.entry("default_transaction_isolation", "'serializable'"),
                Map.entry("default_transaction_read_only", "on"),
                Map.entry("default_transaction_deferrable", "on"),
                Map.entry("synchronous_commit", "off"),
                Map.entry("search_path", "public"),
                Map.entry("TimeZone", "'Asia/Kolkata'"),
                Map.entry("DateStyle", "'SQL, DMY'"),
                Map.entry("IntervalStyle", "'sql_standard'"),
                Map.entry("bytea_output", "'escape'"),
                Map.entry("extra_float_digits", "-5"),
                Map.entry("standard_conforming_strings", "off"),
                Map.entry("row_security", "off"),
                Map.entry("enable_indexscan", "off"),
                Map.entry("enable_hashjoin", "off"),
                Map.entry("enable_sort", "off"),
                Map.entry("enable_partition_pruning", "off"),
                Map.entry("from_collapse_limit", "1"),
                Map.entry("join_collapse_limit", "1"),
                Map.entry("plan_cache_mode", "force_custom_plan")));
    byDefault(hostile);
    try (Database database = MigratedDatabase.open(home, 2)) {
      Map<String, String> ours = new TreeMap<>();
      hostile.keySet().forEach(name -> ours.put(name, shown(database, name)));
      assertThat(ours)
          .isEqualTo(
              new TreeMap<>(
                  Map.ofEntries(
                      Map.entry("statement_timeout", "30s"),
                      Map.entry("lock_timeout", "5s"),
                      Map.entry("idle_in_transaction_session_timeout", "15s"),
                      Map.entry("idle_session_timeout", "0"),
                      Map.entry("transaction_timeout", "0"),
                      Map.entry("client_connection_check_interval", "2s"),
                      Map.entry("default_transaction_isolation", "read committed"),
                      Map.entry("default_transaction_read_only", "off"),
                      Map.entry("default_transaction_deferrable", "off"),
                      Map.entry("synchronous_commit", "on"),
                      Map.entry("search_path", "fanfare"),
                      Map.entry("TimeZone", "UTC"),
                      Map.entry("DateStyle", "ISO, MDY"),
                      Map.entry("IntervalStyle", "postgres"),
                      Map.entry("bytea_output", "hex"),
                      Map.entry("extra_float_digits", "1"),
                      Map.entry("standard_conforming_strings", "on"),
                      Map.entry("row_security", "on"),
                      Map.entry("enable_indexscan", "on"),
                      Map.entry("enable_hashjoin", "on"),
                      Map.entry("enable_sort", "on"),
                      Map.entry("enable_partition_pruning", "on"),
                      Map.entry("from_collapse_limit", "8"),
                      Map.entry("join_collapse_limit", "8"),
                      Map.entry("plan_cache_mode", "force_generic_plan"))));
      assertThat(shown(database, "transaction_isolation")).isEqualTo("read committed");
    }
  }

  /** Whoever demands that standbys have applied a commit demands more than the server does. */
  @Test
  void a_stricter_default_for_commits_stays() throws SQLException {
    byDefault(Map.of("synchronous_commit", "remote_apply"));
    try (Database database = MigratedDatabase.open(home, 2)) {
      assertThat(shown(database, "synchronous_commit")).isEqualTo("remote_apply");
    }
  }

  @Test
  void a_migration_is_not_cut_by_the_limits_of_its_role() throws SQLException {
    home.close();
    home = TestDatabase.create();
    byDefault(
        Map.of(
            "lock_timeout", "'1ms'",
            "idle_in_transaction_session_timeout", "'1ms'",
            "default_transaction_read_only", "on",
            "default_transaction_isolation", "'serializable'",
            "statement_timeout", "'5ms'"));
    Database.migrate(new DatabaseAddress(home.jdbcUrl(), home.user(), home.password()));
    try (Database database = MigratedDatabase.open(home, 2)) {
      assertThat(
              database.<Long>transaction(
                  tx -> tx.sql("select count(*) as n from runs").first(r -> r.bigint("n"))))
          .isZero();
    }
  }

  @Test
  void no_connection_waits_inside_a_transaction() throws Exception {
    int connections = 4;
    String idle =
        "select count(*) filter (where state = 'idle'), count(*) from pg_stat_activity"
            + " where datname = current_database() and pid <> pg_backend_pid()";
    try (Database database = MigratedDatabase.open(home, connections);
        Connection watching = home.connect()) {
      Await.until(
          "the pool to be filled, and every connection of it to be outside a transaction",
          BOUND,
          () -> {
            try (Statement statement = watching.createStatement();
                ResultSet rows = statement.executeQuery(idle)) {
              rows.next();
              return rows.getInt(1) >= connections && rows.getInt(1) == rows.getInt(2);
            }
          });
      Instant before = database.now();
      assertThat(firstTransactions(database, connections))
          .hasSize(connections)
          .allSatisfy(begin -> assertThat(begin).isAfter(before));
    }
  }

  /** When the transactions began that ran at the same time, each on a connection of its own. */
  private static List<Instant> firstTransactions(Database database, int connections)
      throws Exception {
    CountDownLatch all = new CountDownLatch(connections);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Instant>> begins =
          java.util.stream.IntStream.range(0, connections)
              .mapToObj(i ->
                  threads.submit(() ->
                      database.transaction(tx -> {
                        Instant begin = tx.now();
                        all.countDown();
                        await(all);
                        return begin;
                      })))
              .toList();
      Set<Instant> instants = new HashSet<>();
      for (Future<Instant> begin : begins) {
        instants.add(begin.get());
      }
      return List.copyOf(instants);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void a_row_that_another_keeps_locked_is_waited_for_within_a_limit() throws SQLException {
    execute("create table fanfare.rows (id int)", "insert into fanfare.rows values (1)");
    try (Database database = MigratedDatabase.open(home, 2);
        Connection other = home.connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("select id from fanfare.rows for update");
      long begin = System.nanoTime();
      assertThatThrownBy(
              () -> database.transaction(tx -> tx.sql("update rows set id = 2").update()))
          .isInstanceOfSatisfying(
              DatabaseException.class, e -> assertThat(e.isUnavailable()).isTrue());
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(BOUND);
    }
  }

  /** Errors that PostgreSQL or the path to it heals from; the caller should try again. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "08006", "25006", "25P02", "25P03", "25P04", "53100", "53200", "53300", "53400", "55P03",
        "57014", "57P01", "57P02", "57P03", "57P05", "58000", "58030"
      })
  void errors_that_heal_are_unavailability(String sqlState) {
    try (Database database = MigratedDatabase.open(home, 2)) {
      assertThatThrownBy(() -> database.transaction(tx -> raise(tx, sqlState)))
          .isInstanceOfSatisfying(
              DatabaseException.class,
              e -> {
                assertThat(e.isUnavailable()).isTrue();
                assertThat(e.isConflict()).isFalse();
              });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"23505", "22P02", "42P01", "XX000", "P0001"})
  void other_errors_are_not(String sqlState) {
    try (Database database = MigratedDatabase.open(home, 2)) {
      assertThatThrownBy(() -> database.transaction(tx -> raise(tx, sqlState)))
          .isInstanceOfSatisfying(
              DatabaseException.class,
              e -> {
                assertThat(e.isUnavailable()).isFalse();
                assertThat(e.isConflict()).isFalse();
              });
    }
  }

  private static int raise(Tx tx, String sqlState) {
    return tx.sql("do 'begin raise exception using errcode = ''" + sqlState + "''; end'").update();
  }

  private static int backend(Tx tx) {
    Integer pid = tx.sql("select pg_backend_pid() as pid").first(r -> r.integer("pid"));
    return pid == null ? 0 : pid;
  }

  /** A primary that became a standby keeps its connections, and refuses every write. */
  @Test
  void a_connection_that_turned_read_only_is_never_used_again() {
    try (Database database = MigratedDatabase.open(home, 1)) {
      int before = database.transaction(ConnectionSettingsTest::backend);
      assertThatThrownBy(() ->
              database.transaction(tx -> {
                tx.sql("set transaction read only").update();
                return tx.sql("delete from runs").update();
              }))
          .isInstanceOfSatisfying(
              DatabaseException.class, e -> assertThat(e.isUnavailable()).isTrue());
      assertThat(database.<Integer>transaction(ConnectionSettingsTest::backend))
          .isNotEqualTo(before);
    }
  }

  /** As in a rolling upgrade: the statement was prepared when the table had one column less. */
  @Test
  void a_statement_whose_columns_changed_is_prepared_again() throws SQLException {
    execute("create table fanfare.rows (id int)", "insert into fanfare.rows values (1)");
    try (Database database = MigratedDatabase.open(home, 1)) {
      String all = "select rows.* from rows";
      assertThat(database.<List<Integer>>transaction(tx -> tx.sql(all).list(r -> r.integer("id"))))
          .containsExactly(1);
      execute("alter table fanfare.rows add column name text");
      assertThat(database.<List<Integer>>transaction(tx -> tx.sql(all).list(r -> r.integer("id"))))
          .containsExactly(1);
    }
  }
}

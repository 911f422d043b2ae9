package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import dev.fanfare.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DatabaseTest {
  private static final int ENVIRONMENT = 1;
  private static final String CONFLICT =
      "do 'begin raise exception using errcode = ''serialization_failure''; end'";

  private static TestDatabase home;
  private static Database database;

  @BeforeAll
  static void start() {
    home =
        TestDatabase.create(
            "engine",
            (url, user, password) -> Database.migrate(new DatabaseAddress(url, user, password)));
    database = Database.open(address(), 2, Duration.ofSeconds(30), MigratedDatabase.RANGES);
    database.transaction(tx -> tx.sql("create table names (name text)").update());
  }

  @AfterAll
  static void stop() {
    database.close();
    home.close();
  }

  @BeforeEach
  void clear() {
    database.transaction(tx -> tx.sql("delete from names").update());
  }

  private static DatabaseAddress address() {
    return new DatabaseAddress(home.jdbcUrl(), home.user(), home.password());
  }

  private static void add(Tx tx, String name) {
    tx.sql("insert into names (name) values (:name)").bind("name", name).update();
  }

  private static List<String> names(Tx tx) {
    return tx.sql("select name from names order by name").list(r -> r.text("name"));
  }

  private static List<String> names() {
    return database.transaction(DatabaseTest::names);
  }

  @Test
  void a_transaction_commits() {
    database.transaction(
        ENVIRONMENT,
        tx -> {
          add(tx, "a");
          add(tx, "b");
          return null;
        });
    assertThat(names()).containsExactly("a", "b");
  }

  @Test
  void an_exception_rolls_back() {
    assertThatThrownBy(() ->
            database.transaction(
                ENVIRONMENT,
                tx -> {
                  add(tx, "a");
                  throw new IllegalStateException("changed my mind");
                }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("changed my mind");
    assertThat(names()).isEmpty();
  }

  @Test
  void an_attempt_that_succeeds_commits() {
    Result<Integer> result =
        database.attempt(
            ENVIRONMENT,
            tx -> {
              add(tx, "a");
              return Result.of(1);
            });
    assertThat(result).isEqualTo(Result.of(1));
    assertThat(names()).containsExactly("a");
  }

  @Test
  void an_attempt_that_refuses_rolls_back() {
    Refusal refusal = Refusal.gone("too late");
    Result<Integer> result =
        database.attempt(
            ENVIRONMENT,
            tx -> {
              add(tx, "a");
              return Result.refused(refusal);
            });
    assertThat(result).isEqualTo(Result.refused(refusal));
    assertThat(names()).isEmpty();
  }

  @Test
  void a_transaction_without_an_environment_refuses_statements_with_one() {
    String sql = "select name from names where name = :environment::text";
    assertThatThrownBy(() -> database.transaction(tx -> tx.sql(sql).list(r -> r.text("name"))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "The statement has :environment, but its transaction was opened without an"
                + " environment");
    assertThatThrownBy(() -> database.transaction(Tx::environmentId))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("This transaction was opened without an environment");
  }

  @Test
  void work_runs_again_after_a_conflict_and_nothing_of_the_first_time_stays() {
    AtomicInteger tries = new AtomicInteger();
    database.transaction(
        ENVIRONMENT,
        tx -> {
          add(tx, "try " + tries.incrementAndGet());
          if (tries.get() == 1) {
            tx.sql(CONFLICT).update();
          }
          return null;
        });
    assertThat(names()).containsExactly("try 2");
  }

  @Test
  void the_fourth_conflict_is_a_failure() {
    AtomicInteger tries = new AtomicInteger();
    assertThatThrownBy(() ->
            database.transaction(
                ENVIRONMENT,
                tx -> {
                  tries.incrementAndGet();
                  return tx.sql(CONFLICT).update();
                }))
        .isInstanceOfSatisfying(DatabaseException.class, e -> assertThat(e.isConflict()).isTrue());
    assertThat(tries).hasValue(4);
  }

  /** Ends the connection of a transaction, as an operator or a failover does. */
  private static void terminate(Tx tx) {
    int backend = tx.sql("select pg_backend_pid() as pid").first(r -> r.integer("pid"));
    try (Connection other = home.connect();
        java.sql.Statement statement = other.createStatement()) {
      statement.execute("select pg_terminate_backend(" + backend + ", 30000)");
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void work_runs_again_when_its_connection_is_lost_before_the_commit() {
    AtomicInteger tries = new AtomicInteger();
    database.transaction(
        ENVIRONMENT,
        tx -> {
          add(tx, "try " + tries.incrementAndGet());
          if (tries.get() == 1) {
            terminate(tx);
          }
          return names(tx);
        });
    assertThat(names()).containsExactly("try 2");
  }

  @Test
  void a_connection_that_is_lost_twice_is_a_failure() {
    AtomicInteger tries = new AtomicInteger();
    assertThatThrownBy(() ->
            database.transaction(
                ENVIRONMENT,
                tx -> {
                  tries.incrementAndGet();
                  terminate(tx);
                  return names(tx);
                }))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.isUnavailable()).isTrue());
    assertThat(tries).hasValue(2);
  }

  /** Nobody knows whether it was committed. */
  @Test
  void work_does_not_run_again_when_its_connection_is_lost_in_the_commit() {
    AtomicInteger tries = new AtomicInteger();
    assertThatThrownBy(() ->
            database.transaction(
                ENVIRONMENT,
                tx -> {
                  add(tx, "try " + tries.incrementAndGet());
                  terminate(tx);
                  return null;
                }))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.isUnavailable()).isTrue());
    assertThat(tries).hasValue(1);
  }

  @Test
  void a_snapshot_does_not_see_later_commits() {
    List<String> seen =
        database.snapshot(
            ENVIRONMENT,
            tx -> {
              assertThat(names(tx)).isEmpty();
              database.transaction(
                  ENVIRONMENT,
                  other -> {
                    add(other, "a");
                    return null;
                  });
              return names(tx);
            });
    assertThat(seen).isEmpty();
    assertThat(names()).containsExactly("a");
  }

  @Test
  void a_snapshot_cannot_write() {
    assertThatThrownBy(() ->
            database.snapshot(
                ENVIRONMENT,
                tx -> {
                  add(tx, "a");
                  return null;
                }))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("read-only transaction");
  }

  /** {@code set} in a transaction that rolls back has no effect. */
  @Test
  void a_connection_keeps_its_options_when_its_first_transaction_rolls_back() {
    String options =
        "select current_setting('plan_cache_mode') || ', ' || current_schema() as options";
    try (Database fresh =
        Database.open(address(), 1, Duration.ofSeconds(30), MigratedDatabase.RANGES)) {
      Result<Integer> refused =
          fresh.attempt(ENVIRONMENT, tx -> Result.refused(Refusal.invalid("refused")));
      assertThat(refused).isInstanceOf(Result.Refused.class);
      String kept = fresh.transaction(tx -> tx.sql(options).first(r -> r.text("options")));
      assertThat(kept).isEqualTo("force_generic_plan, fanfare");
    }
  }

  @Test
  void work_that_gets_no_connection_in_time_fails_as_unavailable() {
    try (Database small =
        Database.open(address(), 2, Duration.ofMillis(250), MigratedDatabase.RANGES)) {
      assertThatThrownBy(() -> small.transaction(one -> small.transaction(two -> small.now())))
          .isInstanceOfSatisfying(
              DatabaseException.class, e -> assertThat(e.isUnavailable()).isTrue());
    }
  }

  @Test
  void an_address_does_not_show_its_password() {
    DatabaseAddress address =
        new DatabaseAddress("jdbc:postgresql://host/db?password=secret", "user", "secret");
    assertThat(address).hasToString("DatabaseAddress[jdbc:postgresql://host/db]");
  }
}

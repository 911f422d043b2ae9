package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.testkit.TestDatabase;
import dev.fanfare.testkit.WireCounter;
import dev.fanfare.testkit.WireCounter.Transaction;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Statements that travel with later ones, counted on the wire. */
class PipelineTest {
  private static TestDatabase home;
  private static WireCounter counter;
  private static Database database;

  @BeforeAll
  static void start() throws IOException {
    home =
        TestDatabase.create(
            "engine",
            (url, user, password) -> Database.migrate(new DatabaseAddress(url, user, password)));
    URI direct = URI.create(home.jdbcUrl().substring("jdbc:".length()));
    counter = WireCounter.start(direct.getPort());
    String url = "jdbc:postgresql://127.0.0.1:" + counter.port() + direct.getPath();
    database =
        Database.open(
            new DatabaseAddress(url, home.user(), home.password()),
            1,
            Duration.ofSeconds(30),
            MigratedDatabase.RANGES);
    database.transaction(
        tx -> tx.sql("create table names (n int primary key, name text not null)").update());
  }

  @AfterAll
  static void stop() throws IOException {
    database.close();
    counter.close();
    home.close();
  }

  @BeforeEach
  void clear() {
    database.transaction(tx -> tx.sql("delete from names").update());
    counter.takeTransactions();
  }

  private static Statement insert(Tx tx, int n, String name) {
    return tx.sql("insert into names (n, name) values (:n, :name::text) -- a comment at the end")
        .bind("n", n)
        .bind("name", name);
  }

  private static Statement select(Tx tx) {
    return tx.sql("select name from names order by n");
  }

  private static List<String> names() {
    return database.transaction(tx -> select(tx).list(r -> r.text("name")));
  }

  /** The last transaction, without those of the pool. */
  private static Transaction counted() {
    List<Transaction> all =
        counter.takeTransactions().stream()
            .filter(t -> t.statements().stream().anyMatch(sql -> sql.contains("names")))
            .toList();
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  @Test
  void a_whole_transaction_is_one_round_trip() {
    for (int i = 0; i < 20; i++) { // the driver prepares statements after some uses
      int n = i;
      counter.takeTransactions();
      database.transaction(tx -> {
        insert(tx, 2 * n, "a").updateLater();
        insert(tx, 2 * n + 1, "b").updateLater();
        return null;
      });
      Transaction transaction = counted();
      assertThat(transaction.statements()).hasSize(2);
      assertThat(transaction.roundTrips()).isEqualTo(1);
    }
    assertThat(names()).hasSize(40);
  }

  @Test
  void a_statement_whose_result_is_needed_takes_the_earlier_ones_along() {
    List<String> seen =
        database.transaction(tx -> {
          insert(tx, 1, "a").updateLater();
          Later<List<String>> between = select(tx).listLater(r -> r.text("name"));
          insert(tx, 2, "b").updateLater();
          assertThatThrownBy(between::get).isInstanceOf(IllegalStateException.class);
          List<String> now = new ArrayList<>(select(tx).list(r -> r.text("name")));
          now.addAll(between.get());
          return now;
        });
    assertThat(seen).containsExactly("a", "b", "a");
    assertThat(counted().roundTrips()).isEqualTo(2);
  }

  @Test
  void the_results_of_a_commit_are_there_after_it() {
    Later<Integer> count =
        database.transaction(tx -> {
          insert(tx, 1, "a").updateLater();
          return select(tx).listLater(r -> r.text("name")).map(List::size);
        });
    assertThat(count.get()).isEqualTo(1);
    assertThat(counted().roundTrips()).isEqualTo(1);
  }

  @Test
  void an_update_counts_only_its_own_rows() {
    int changed =
        database.transaction(tx -> {
          insert(tx, 1, "a").updateLater();
          insert(tx, 2, "b").updateLater();
          return tx.sql("update names set name = 'c'").update();
        });
    assertThat(changed).isEqualTo(2);
  }

  @Test
  void a_failure_at_the_commit_rolls_everything_back() {
    assertThatThrownBy(() ->
            database.transaction(tx -> {
              insert(tx, 1, "a").updateLater();
              insert(tx, 2, null).updateLater();
              insert(tx, 3, "c").updateLater();
              return null;
            }))
        .isInstanceOfSatisfying(
            DatabaseException.class,
            e -> {
              assertThat(e.isNull("name")).isTrue();
              assertThat(e.isNull("n")).isFalse();
            });
    assertThat(names()).isEmpty();
  }

  @Test
  void a_failure_gets_the_meaning_that_its_statement_knows() {
    assertThatThrownBy(() ->
            database.transaction(tx -> {
              insert(tx, 1, "a").updateLater();
              insert(tx, 2, null)
                  .updateLater(failure ->
                      failure.isNull("name") ? new UnsupportedOperationException() : null);
              return null;
            }))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThat(names()).isEmpty();
  }

  @Test
  void a_conflict_at_the_commit_repeats_the_transaction() {
    AtomicInteger tries = new AtomicInteger();
    database.transaction(tx -> {
      insert(tx, tries.incrementAndGet(), "a").updateLater();
      if (!tx.isRepeated()) {
        tx.sql("do 'begin raise exception using errcode = ''serialization_failure''; end'")
            .updateLater();
      }
      return null;
    });
    assertThat(tries).hasValue(2);
    assertThat(names()).containsExactly("a");
  }

  @Test
  void a_duplicate_at_the_commit_repeats_the_transaction_once() {
    database.transaction(tx -> insert(tx, 1, "a").update());
    AtomicInteger tries = new AtomicInteger();
    assertThatThrownBy(() ->
            database.transaction(tx -> {
              tries.incrementAndGet();
              insert(tx, 1, "b").updateLater();
              return null;
            }))
        .isInstanceOf(DatabaseException.class);
    assertThat(tries).hasValue(2);
    assertThat(names()).containsExactly("a");
  }

  @Test
  void what_was_not_sent_is_forgotten_when_the_work_fails() {
    assertThatThrownBy(() ->
            database.transaction(tx -> {
              insert(tx, 1, "a").updateLater();
              throw new UnsupportedOperationException();
            }))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThat(names()).isEmpty();
  }

  @Test
  void a_definition_follows_what_was_to_be_sent() {
    database.transaction(tx -> {
      insert(tx, 1, "a").updateLater();
      tx.define("create temp table seen on commit drop as select name from names");
      assertThat(tx.sql("select name from seen").list(r -> r.text("name"))).containsExactly("a");
      return null;
    });
  }

  @Test
  void a_snapshot_and_a_list_take_their_settings_along() {
    database.snapshot(1, tx -> select(tx).list(r -> r.text("name")));
    assertThat(counted().roundTrips()).isEqualTo(2);
    database.list(1, tx -> select(tx).list(r -> r.text("name")));
    assertThat(counted().roundTrips()).isEqualTo(2);
  }

  @Test
  void no_statement_follows_one_that_failed() {
    database.transaction(tx -> insert(tx, 1, "a").update());
    assertThatThrownBy(() ->
            database.transaction(tx -> {
              insert(tx, 1, "again").updateLater();
              return tx.sql("update names set name = 'changed'").update();
            }))
        .isInstanceOf(DatabaseException.class);
    assertThat(names()).containsExactly("a");
  }
}

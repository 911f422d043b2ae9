package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.DatabaseProxy;
import dev.fanfare.testkit.TestDatabase;
import java.net.URI;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a watch sees, and what it does when paths to the database go silent. */
class DatabaseWatchTest {
  private static final Duration BOUND = Duration.ofSeconds(60);

  /** Far below the 35 s after which a silent socket fails by itself. */
  private static final Duration SOON = Duration.ofSeconds(20);

  private TestDatabase home;
  private DatabaseProxy proxy;
  private Database database;
  private DatabaseWatch watch;

  @BeforeEach
  void open() throws Exception {
    home = MigratedDatabase.create();
    URI direct = URI.create(home.jdbcUrl().substring("jdbc:".length()));
    proxy = DatabaseProxy.start(direct.getPort());
    database =
        Database.open(
            new DatabaseAddress(
                "jdbc:postgresql://127.0.0.1:" + proxy.port() + direct.getPath(),
                home.user(),
                home.password()),
            2,
            Duration.ofSeconds(5),
            MigratedDatabase.RANGES);
    watch = DatabaseWatch.start(database);
  }

  @AfterEach
  void close() throws Exception {
    watch.close();
    database.close();
    proxy.close();
    home.close();
  }

  private void awaitReady() {
    Await.until("the database to be ready", BOUND, () -> watch.problem() == null);
  }

  @Test
  void a_database_that_is_there_is_no_problem() {
    awaitReady();
    assertThat(watch.problem()).isNull();
  }

  @Test
  void a_schema_that_needs_newer_servers_is_a_problem() throws Exception {
    awaitReady();
    try (Connection connection = home.connect();
        Statement newerServer = connection.createStatement()) {
      newerServer.execute(
          """
          create or replace function fanfare.least_schema() returns integer language sql immutable
          return 9999
          """);
    }
    Await.until(
        "the problem", BOUND, () -> String.valueOf(watch.problem()).contains("a newer server"));
  }

  @Test
  void a_database_that_is_away_is_a_problem_with_its_cause_and_heals() {
    awaitReady();
    proxy.refuse();
    Await.until("the cause", BOUND, () -> String.valueOf(watch.problem()).contains("refused"));
    assertThatThrownBy(database::now)
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.isUnavailable()).isTrue());
    proxy.accept();
    awaitReady();
    long begin = System.nanoTime();
    assertThat(database.now()).isNotNull();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SOON);
  }

  /** As behind a pooler, which keeps our connections and leads them to another server. */
  @Test
  void a_database_that_became_a_standby_is_a_problem_until_it_is_a_primary() throws Exception {
    awaitReady();
    try (PretendedStandby standby = PretendedStandby.of(home)) {
      Await.until(
          "the problem", BOUND, () -> String.valueOf(watch.problem()).contains("is a standby"));
    }
    awaitReady();
  }

  @Test
  void a_database_that_does_not_respond_is_a_problem_within_a_second_of_asking() {
    awaitReady();
    proxy.silence();
    Await.until("the problem", BOUND, () -> watch.problem() != null);
    assertThat(watch.problem()).containsAnyOf("not responded", "does not respond", "away");
    proxy.accept();
    awaitReady();
  }

  /** As when a firewall forgets connections: new ones work. */
  @Test
  void a_transaction_on_a_path_that_went_silent_runs_again_on_another() throws Exception {
    awaitReady();
    AtomicInteger tries = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch silent = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Integer> stuck =
          threads.submit(() ->
              database.transaction(tx -> {
                tries.incrementAndGet();
                tx.now();
                begun.countDown();
                await(silent);
                return tx.sql("delete from runs").update();
              }));
      begun.await();
      proxy.silenceOpenConnections();
      long begin = System.nanoTime();
      silent.countDown();
      assertThat(stuck.get()).isZero();
      assertThat(tries).hasValue(2);
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SOON);
    }
  }

  @Test
  void a_statement_that_is_only_slow_is_not_given_up() {
    awaitReady();
    String slow = "select 1 as one from (select pg_sleep(7)) as slept";
    assertThat(database.<Integer>transaction(tx -> tx.sql(slow).first(r -> r.integer("one"))))
        .isEqualTo(1);
  }

  @Test
  void a_write_that_found_no_space_is_a_problem_until_writes_succeed() {
    awaitReady();
    String function =
        "create function no_space() returns event_trigger language plpgsql as 'begin raise"
            + " exception ''no space left on device'' using errcode = ''disk_full''; end'";
    String trigger =
        "create event trigger no_space on ddl_command_start when tag in ('CREATE TABLE AS') "
            + "execute function no_space()";
    database.transaction(tx -> tx.sql(function).update() + tx.sql(trigger).update());
    assertThatThrownBy(() ->
            database.transaction(tx -> tx.sql("create table rows as select 1 as id").update()))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.isUnavailable()).isTrue());
    Await.until(
        "the problem",
        BOUND,
        () -> String.valueOf(watch.problem()).contains("no space left on device"));
    database.transaction(tx -> tx.sql("drop event trigger no_space").update());
    awaitReady();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}

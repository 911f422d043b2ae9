package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.testkit.Await;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Dead rows that vacuum cannot remove are left behind in a table that is dropped. */
class DeadRowTest {
  private static final int RUNS = 12_000;
  private static final Duration BOUND = Duration.ofMinutes(1);

  @AutoClose final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();
  final Worker worker = tenant.worker(Tenant.task("a"), Tenant.limited("limited", "q", 50));

  /** The names of the partitions of a hot table, of which there must be one. */
  private String partition(String table) {
    List<String> names =
        engine.database.transaction(tx ->
            tx.sql(
                    "select inhrelid::regclass::text as name from pg_inherits where inhparent = '"
                        + table
                        + "'::regclass")
                .list(r -> r.text("name")));
    assertThat(names).hasSize(1);
    return names.getFirst();
  }

  private void disableAutovacuum() {
    engine.database.transaction(
        tx -> tx.sql("alter table ready_1 set (autovacuum_enabled = off)").update());
  }

  private int pages(String table) {
    return tenant.number(
        "select (pg_relation_size('"
            + partition(table)
            + "') / 8192)::int as n where :environment > 0");
  }

  private void sweep() {
    engine.sweep("DeadRowSweep", engine.clock.instant());
  }

  /**
   * Executes runs, so that their rows in {@code ready} and {@code leases} are dead. With a time to
   * live, each has an entry of its own.
   */
  private void execute() {
    tenant.triggerMany(RUNS, Item.of("a").ttl(Duration.ofDays(1)));
    executeAll();
  }

  private void executeAll() {
    for (List<ClaimedRun> runs = worker.claim(500); !runs.isEmpty(); runs = worker.claim(500)) {
      worker.report(
          List.of(), runs.stream().map(run -> Worker.success(run, 1, "1")).toList(), List.of());
    }
  }

  /** Waits until PostgreSQL counts the dead rows; every connection reports after a while. */
  private void awaitDeadRows(String partition) {
    Await.until(
        "the dead rows of " + partition + " are counted",
        BOUND,
        () ->
            tenant.number(
                    "select n_dead_tup::int as n from pg_stat_user_tables where relname = '"
                        + partition
                        + "' and :environment > 0")
                >= RUNS);
  }

  /**
   * Sweeps until the table is replaced: on a busy machine a step may take too long, and give up.
   */
  private void awaitReplaced(String table) {
    Await.until(
        table + " is replaced",
        BOUND,
        () -> {
          sweep();
          return partition(table).equals(table + "_2");
        });
  }

  private static Connection snapshot(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    try (Statement statement = connection.createStatement()) {
      statement.execute("select count(*) from fanfare.environments");
    }
    return connection;
  }

  @Test
  void what_a_long_transaction_keeps_from_vacuum_is_left_behind() throws Exception {
    try (Connection holder = snapshot(engine.connect())) {
      execute();
      List<UUID> ids = new ArrayList<>(tenant.triggerMany(300, Item.of("a")));
      ids.addAll(tenant.triggerMany(100, Item.of("limited")));
      List<ClaimedRun> held = worker.claim(200);
      UUID delayed =
          tenant.trigger(Item.of("a").delayUntil(engine.clock.instant().plus(Duration.ofHours(1))));
      awaitDeadRows("ready_1");
      awaitDeadRows("leases_1");
      int before = pages("ready");
      String options = options("ready");
      sweep();
      assertThat(partition("ready")).as("the transaction may be a short one").isEqualTo("ready_1");
      awaitReplaced("ready");
      awaitReplaced("leases");
      assertThat(partition("delays")).as("without dead rows").isEqualTo("delays_1");
      assertThat(pages("ready")).isLessThan(before / 10);
      assertThat(options("ready")).isEqualTo(options).contains("autovacuum");

      Invariants.check(tenant);
      assertThat(tenant.status(delayed)).isEqualTo(RunStatus.DELAYED);
      assertThat(held).hasSize(200).allMatch(worker::holds);
      worker.report(
          List.of(), held.stream().map(run -> Worker.success(run, 1, "1")).toList(), List.of());
      executeAll();
      assertThat(ids).allMatch(id -> tenant.status(id) == RunStatus.COMPLETED);
      assertThat(tenant.slotsInUse()).isZero();
      holder.rollback();
    }
  }

  private String options(String table) {
    return engine.database.transaction(tx ->
        tx.sql(
                "select array_to_string(reloptions, ',') as o from pg_class where oid = '"
                    + partition(table)
                    + "'::regclass")
            .list(r -> r.text("o"))
            .getFirst());
  }

  @Test
  void without_a_long_transaction_they_are_left_to_vacuum() {
    disableAutovacuum();
    execute();
    awaitDeadRows("ready_1");
    sweep();
    sweep();
    assertThat(partition("ready")).isEqualTo("ready_1");
  }

  @Test
  void autovacuum_is_no_long_transaction() throws Exception {
    disableAutovacuum();
    try (Connection connection = engine.connect();
        Statement statement = connection.createStatement()) {
      execute();
      awaitDeadRows("ready_1");
      statement.execute(
          """
          create table slowly_vacuumed with (autovacuum_vacuum_cost_delay = 100,
                                             autovacuum_vacuum_cost_limit = 1) as
          select n from generate_series(1, 100000) as n
          """);
      statement.execute("delete from slowly_vacuumed");
      statement.execute("alter system set autovacuum_naptime = '1s'");
      statement.execute("select pg_reload_conf()");
      Await.until("autovacuum is at work", BOUND, this::isVacuumed);
      sweep();
      sweep();
      assertThat(partition("ready")).isEqualTo("ready_1");
      assertThat(isVacuumed()).as("autovacuum is at work still").isTrue();
      statement.execute("alter system reset autovacuum_naptime");
      statement.execute("select pg_reload_conf()");
    }
  }

  private boolean isVacuumed() {
    return tenant.number(
            """
            select count(*)::int as n
              from pg_stat_progress_vacuum
             where relid = 'slowly_vacuumed'::regclass
               and :environment > 0
            """)
        > 0;
  }

  @Test
  void a_table_that_somebody_reads_for_long_is_replaced_later_and_nobody_waits() throws Exception {
    disableAutovacuum(); // for the moment between the two transactions
    try (Connection holder = snapshot(engine.connect());
        Statement statement = holder.createStatement()) {
      statement.execute("lock table fanfare.ready in access share mode"); // as pg_dump does
      execute();
      awaitDeadRows("ready_1");
      sweep();
      sweep();
      assertThat(partition("ready")).isEqualTo("ready_1");
      tenant.trigger(Item.of("a"));
      executeAll();
      holder.rollback();
      snapshot(holder);
      awaitReplaced("ready");
      holder.rollback();
    }
  }
}

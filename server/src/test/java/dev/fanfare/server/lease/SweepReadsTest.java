package dev.fanfare.server.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.MigratedDatabase;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.run.RunComponent;
import dev.fanfare.testkit.SettableClock;
import dev.fanfare.testkit.TestDatabase;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * How many rows the sweeps read when many leases are held. Their statements are planned while the
 * tables are empty, as on a new server. PostgreSQL itself counts the rows.
 */
class SweepReadsTest {
  private static final int ENVIRONMENT = 1;
  private static final int LEASES = 20_000;
  private static final int SESSIONS = 40;
  private static final int COUNTERS = 5_000;

  /** After some executions, PostgreSQL has the plan of a statement that it keeps. */
  private static final int EXECUTIONS_UNTIL_PLANNED = 10;

  private TestDatabase home;
  private Database database;
  private Signals signals;
  private List<Sweep> sweeps;

  @BeforeEach
  void start() {
    home = MigratedDatabase.create();
    database = MigratedDatabase.open(home, 1); // all statements use it
    signals = Signals.start(database);
    SettableClock clock = new SettableClock();
    Resources resources =
        new Resources(
            ServerConfig.defaults(),
            database,
            signals,
            clock,
            new TimeOrderedIds(clock),
            new Random(1));
    sweeps = new LeaseComponent(resources, new RunComponent(resources, (tx, ended) -> {})).sweeps();
    for (String table : List.of("sessions", "leases_1", "slots_1", "lanes")) { // or it plans again
      database.transaction(
          tx -> tx.sql("alter table " + table + " set (autovacuum_enabled = off)").update());
    }
    for (int i = 0; i < EXECUTIONS_UNTIL_PLANNED; i++) {
      sweeps.forEach(sweep -> sweep.runOnce(ENVIRONMENT, database.now()));
    }
    fill();
  }

  @AfterEach
  void stop() {
    signals.close();
    database.close();
    home.close();
  }

  private void fill() {
    database.transaction(
        ENVIRONMENT,
        tx -> {
          tx.sql(
                  """
                  insert into sessions (environment_id, session_id, name, version, slots, task_ids,
                                        opened_at, expires_at)
                  select :environment, lpad(i::text, 32, '0')::uuid, 'w', '1', 500, '{}', now(),
                         now() + interval '1 hour'
                    from generate_series(1, :sessions) as i
                  """)
              .bind("sessions", SESSIONS)
              .update();
          tx.sql(
                  """
                  insert into queues (environment_id, name, concurrency_limit)
                  values (:environment, 'q', 100)
                  """)
              .update();
          tx.sql(
                  """
                  insert into lanes (environment_id, queue_id, concurrency_key, task_id)
                  select :environment, 1, 'key ' || i, 1
                    from generate_series(1, :counters) as i
                  """)
              .bind("counters", COUNTERS)
              .update();
          tx.sql(
                  """
                  insert into slots (environment_id, queue_id, concurrency_key, in_use)
                  select :environment, 1, 'key ' || i, :leases / :counters
                    from generate_series(1, :counters) as i
                  """)
              .bind("leases", LEASES)
              .bind("counters", COUNTERS)
              .update();
          return tx.sql(
                  """
                  insert into leases (environment_id, run_id, session_id, fence, lane_id, rank,
                                      attempt, losses, claimed_at, started_at)
                  select :environment, gen_random_uuid(),
                         lpad((1 + i % :sessions)::text, 32, '0')::uuid, 1, 1 + i % :counters, i, 1,
                         0, now(), now()
                    from generate_series(1, :leases) as i
                  """)
              .bind("sessions", SESSIONS)
              .bind("counters", COUNTERS)
              .bind("leases", LEASES)
              .update();
        });
  }

  private int sweep(String name, Instant now) {
    return sweeps.stream()
        .filter(s -> s.getClass().getSimpleName().equals(name))
        .findFirst()
        .orElseThrow()
        .runOnce(ENVIRONMENT, now);
  }

  /** How many rows of a table this database has read so far, or index entries of it. */
  private long read(String table) {
    database.transaction(
        tx -> tx.sql("select pg_stat_force_next_flush()::text as f").first(r -> true));
    return Objects.requireNonNull(
        database.transaction(tx ->
            tx.sql(
                    """
                    select t.seq_tup_read + coalesce(t.idx_tup_fetch, 0)
                           + (select coalesce(sum(i.idx_tup_read), 0)
                                from pg_stat_user_indexes i
                               where i.relid = t.relid)::int8 as n
                      from pg_stat_user_tables t
                     where t.relname = :table
                    """)
                .bind("table", table)
                .first(r -> r.bigint("n"))));
  }

  private int count(String sql) {
    return Objects.requireNonNull(
        database.transaction(ENVIRONMENT, tx -> tx.sql(sql).first(r -> r.integer("n"))));
  }

  /** The plans that the connection keeps, of statements that contain this text. */
  private List<String> plans(String text) {
    return database.transaction(tx ->
        tx
            .sql(
                """
                select 'explain execute "' || name || '"('
                       || rtrim(repeat('null, ', cardinality(parameter_types)), ', ') || ')' as n
                  from pg_prepared_statements
                 where strpos(statement, :text) > 0
                   and cardinality(parameter_types) > 0
                """)
            .bind("text", text)
            .list(r -> r.text("n"))
            .stream()
            .map(explain -> String.join("\n", tx.sql(explain).list(r -> r.text("QUERY PLAN"))))
            .toList());
  }

  @Test
  void while_no_session_lapses_no_lease_is_read() {
    long before = read("leases_1");
    assertThat(sweep("LapseSweep", database.now())).isZero();
    assertThat(read("leases_1") - before).isZero();
  }

  @Test
  void the_lapse_of_one_session_reads_the_leases_a_few_times() {
    database.transaction(
        ENVIRONMENT,
        tx ->
            tx.sql(
                    """
                    update sessions
                       set expires_at = now()
                     where session_id = lpad('1', 32, '0')::uuid
                    """)
                .update());
    long before = read("leases_1");
    assertThat(sweep("LapseSweep", database.now())).isEqualTo(LEASES / SESSIONS + 1);
    assertThat(read("leases_1") - before).isLessThan(8L * LEASES);
    assertThat(count("select count(*)::int as n from leases"))
        .isEqualTo(LEASES - LEASES / SESSIONS);
  }

  @Test
  void limits_of_leases_are_checked_in_one_pass() {
    long before = read("leases_1");
    assertThat(sweep("ReclaimSweep", database.now())).isZero();
    assertThat(read("leases_1") - before).isLessThan(3L * LEASES);
  }

  @Test
  void slots_are_compared_in_one_pass_and_not_each_counter_with_each_lease() {
    database.transaction(
        ENVIRONMENT,
        tx -> tx.sql("update slots set in_use = 3 where concurrency_key = 'key 7'").update());
    long leases = read("leases_1");
    long lanes = read("lanes");
    long slots = read("slots_1");
    sweep("SlotSweep", database.now());
    assertThat(read("leases_1") - leases).isLessThan(6L * LEASES);
    assertThat(read("lanes") - lanes).isLessThan(20L * COUNTERS);
    assertThat(read("slots_1") - slots).isLessThan(20L * COUNTERS);
    assertThat(count("select count(*)::int as n from slots where in_use <> 4")).isZero();
    // Rows that a join keeps in memory and compares again and again are read once.
    assertThat(plans("slots"))
        .isNotEmpty()
        .allSatisfy(
            plan -> assertThat(plan).doesNotContainPattern("Nested Loop.*\\n *Join Filter"));
  }
}

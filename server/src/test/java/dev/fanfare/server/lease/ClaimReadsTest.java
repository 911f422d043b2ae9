package dev.fanfare.server.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.MigratedDatabase;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.lease.ClaimRuns.Claim;
import dev.fanfare.server.lease.ClaimRuns.Claimant;
import dev.fanfare.server.lease.ClaimRuns.Turn;
import dev.fanfare.server.queue.ReadyStore.Position;
import dev.fanfare.server.run.RunComponent;
import dev.fanfare.testkit.SettableClock;
import dev.fanfare.testkit.TestDatabase;
import java.util.HashSet;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * How many entries of {@code ready} a claim reads among thousands of lanes that are not for its
 * worker. The statements are planned while the tables are empty, as on a new server. PostgreSQL
 * itself counts the rows.
 */
class ClaimReadsTest {
  private static final int ENVIRONMENT = 1;
  private static final int LANES = 5_000;
  private static final UUID SESSION = new UUID(0, 1);
  private static final int OWN_VERSION = LANES / 2;

  private static final ClaimMemory PLENTY =
      new ClaimMemory() {
        @Override
        public boolean isSpent() {
          return false;
        }

        @Override
        public void hold(long chars) {}
      };

  private static TestDatabase home;
  private static Database database;
  private static Signals signals;
  private static ClaimRuns claimRuns;

  @BeforeAll
  static void start() {
    home = MigratedDatabase.create();
    database = MigratedDatabase.open(home, 2); // one for signals: all statements use the other
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
    claimRuns =
        new LeaseComponent(resources, new RunComponent(resources, (tx, ended) -> {})).claimRuns();
    claim(Position.START, 1);
  }

  @AfterAll
  static void stop() {
    signals.close();
    database.close();
    home.close();
  }

  @BeforeEach
  void empty() {
    execute(
        """
        truncate sessions, leases, queues, task_queues, lanes, ready, tasks, version_tasks, runs
          restart identity
        """);
    execute(
        """
        insert into queues (environment_id, name)
        values (:environment, 'q')
        """);
    execute(
        """
        insert into tasks (environment_id, slug, queue_id, registered_at, max_attempts,
                           retry_min_ms, retry_max_ms, retry_factor, retry_randomize)
        select :environment, 'task ' || i, 1, now(), 1, 0, 0, 1, false
          from generate_series(1, 100) as i
        """);
    execute(
        """
        insert into sessions (environment_id, session_id, name, version, slots, task_ids,
                              opened_at, expires_at)
        values (:environment, lpad('1', 32, '0')::uuid, 'w', '1', 500, '{}', now(),
                now() + interval '1 hour')
        """);
  }

  private static void execute(String sql) {
    database.transaction(ENVIRONMENT, tx -> tx.sql(sql).update());
  }

  /** Makes a run ready in each of {@code count} new lanes. */
  private static void fill(String taskId, String versionId, int count) {
    execute(
        """
        with lane as (
          insert into lanes (environment_id, queue_id, concurrency_key, task_id, version_id)
          select :environment, 1, 'key ' || i, %1$s, %2$s
            from generate_series(1, %3$s) as i
          returning *
        ), run as (
          insert into runs (environment_id, run_id, task_id, queue_id, lane_id, rank, created_at,
                            source, is_test)
          select environment_id,
                 (lpad(to_hex((extract(epoch from now()) * 1000)::int8), 12, '0') -- of version 7
                  || '70008000' || lpad(to_hex(lane_id), 12, '0'))::uuid,
                 task_id, queue_id, lane_id, lane_id, now(), 'API', false
            from lane
          returning *
        )
        insert into ready (environment_id, task_id, version_id, lane_id, rank, last_id, fence,
                           attempt, losses)
        select r.environment_id, r.task_id, l.version_id, r.lane_id, r.rank, r.run_id, 0, 0, 0
          from run r
          join lane l using (lane_id)
        """
            .formatted(taskId, versionId, count));
  }

  private static Claim claim(Position after, Integer... taskIds) {
    return claimRuns.claim(ENVIRONMENT, claimant(taskIds), 10, Turn.after(after), PLENTY);
  }

  /** How many entries of {@code ready} this database has read so far, from table and index. */
  private static long read() {
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
                     where t.relname = 'ready_1'
                    """)
                .first(r -> r.bigint("n"))));
  }

  @Test
  void the_lanes_of_other_tasks_and_versions_cost_a_claim_nothing() {
    fill("1", "0", LANES); // another task
    fill("2", "1 + i", LANES); // the own task; one of them is of the own version
    fill("3", "0", LANES);
    fill("4", "0", 1);
    long before = read();
    Claim claim = claim(Position.START, 2, 4);
    assertThat(claim.runs()).extracting(ClaimedRun::task).containsExactly("task 2", "task 4");
    assertThat(claim.rest()).as("it has seen all lanes").isNull();
    assertThat(read() - before).isLessThan(40);
  }

  @Test
  void a_claim_without_work_reads_at_most_two_entries_for_each_own_task() {
    fill("1 + i % 100", "case when i % 100 % 2 = 1 then 7 else 0 end", LANES);
    Set<Integer> odd = new HashSet<>();
    for (int task = 2; task <= 100; task += 2) { // whose runs are locked to another version
      odd.add(task);
    }
    long before = read();
    assertThat(claim(Position.START, odd.toArray(Integer[]::new)).runs()).isEmpty();
    assertThat(read() - before).isLessThan(3 * 2 * 50); // from the index and from the table
  }

  @Test
  void a_turn_passes_all_own_lanes_once() {
    fill("1 + i % 3", "case when i % 2 = 1 then 0 else " + OWN_VERSION + " end", 90);
    fill("2", "3", 90);
    Set<UUID> seen = new HashSet<>();
    Position last = Position.START;
    for (int i = 0; i < 6; i++) { // 60 own lanes
      Claim claim = claim(last, 1, 3);
      assertThat(claim.runs()).hasSize(10);
      claim.runs().forEach(run -> assertThat(seen.add(run.runId())).isTrue());
      last = claim.last();
    }
    assertThat(claim(last, 1, 3).runs()).isEmpty();
  }

  @Test
  void what_a_worker_may_not_take_can_be_told_to_others() {
    fill("1", "0", 3);
    fill("2", "case when i = 1 then 0 else 7 end", 2);
    fill("3", "0", 1);
    assertThat(claimRuns.tasksOfOthers(ENVIRONMENT, claimant(2, 3)))
        .containsExactlyInAnyOrder(1, 2);
    assertThat(claimRuns.tasksOfOthers(ENVIRONMENT, claimant(1, 3))).containsExactly(2);
  }

  private static Claimant claimant(Integer... taskIds) {
    return new Claimant(SESSION, Set.of(taskIds), OWN_VERSION, 0);
  }
}

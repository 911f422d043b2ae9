package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.PlanLog.Node;
import dev.fanfare.server.PlanLog.Plan;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.AttemptRef;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.WaitingPolls.Seat;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What the hot statements read while a million runs are queued. PostgreSQL believes that the tables
 * are nearly empty, because they were when it analyzed them. The statements run twice: with plans
 * from that time, as on connections that are open for long, and with plans made when the tables
 * were full, as on new ones.
 */
class StalePlansTest {
  private static final String UNLIMITED = "unlimited";
  private static final String LIMITED = "limited";

  /** Of a batch, a claim and a report. */
  private static final int RUNS = 100;

  /** So many rows of a table a statement visits at most, with each node of its plan. */
  private static final int ROWS_MAX = 10 * RUNS;

  /** A round looks at 64 lanes, and counts up to 101 entries of each. */
  private static final int READY_ROWS_MAX = 64 * (RUNS + 1);

  /** Lists of what a call names are sometimes joined by comparing each with each. */
  private static final int JOINED_ROWS_MAX = RUNS * RUNS;

  /** A few for each row; the smallest index of a million rows has more. */
  private static final int BLOCKS_MAX = 20 * RUNS;

  /**
   * The statement that frees slots looks for the lanes of each counter, sometimes in the index by
   * task, which costs as much as the queue has lanes.
   */
  private static final String KNOWN = "select distinct l.task_id";

  /** Sweeps read them whole, at most once a second. They do not grow with the runs. */
  private static final Set<String> SMALL_TABLES = Set.of("environments", "sessions", "tasks");

  private static Engine engine;
  private static Tenant tenant;
  private static Worker unlimited;
  private static Worker limited;
  private static PlanLog log;

  @BeforeAll
  static void begin() {
    engine = Engine.start(PlanLog.SETTINGS);
    log = new PlanLog(engine.database);
    tenant = engine.tenant();
    unlimited = tenant.worker(UNLIMITED);
    limited = tenant.worker(Tenant.limited(LIMITED, "queue", 10));
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  /** PostgreSQL does not analyze the tables by itself. */
  private static final String NEVER_AGAIN =
      """
      do $$
      declare name text;
      begin
        for name in select oid::regclass from pg_class
                     where relnamespace = 'fanfare'::regnamespace and relkind = 'r'
        loop
          execute 'alter table ' || name || ' set (autovacuum_enabled = off)';
        end loop;
      end $$
      """;

  /**
   * A million queued runs in batches of 100. Of the unlimited task, 700,000 are in one lane, and
   * 200 in each of 1,000 others. Of the limited task, 20 are in each of 5,000 lanes, whose counters
   * exist. The rows of {@code runs} are those that a claim may reach: the first of each lane. And
   * 50,000 leases of another session.
   */
  private static final String FILL =
      """
      create function pg_temp.id(kind text, n bigint) returns uuid immutable
      return (':time7' || kind || '8000' || lpad(to_hex(n), 12, '0'))::uuid;

      create temporary table place as
      select u.queue_id, u.task_id, u.lane_id,
             l.queue_id as limited_queue_id, l.task_id as limited_task_id,
             greatest(u.lane_id, l.lane_id) as last_lane_id
        from lanes u, lanes l
       where u.environment_id = :environment
         and u.environment_id = l.environment_id
         and u.lane_id < l.lane_id;

      insert into lanes (environment_id, queue_id, concurrency_key, task_id)
      select :environment, case when i <= 1000 then queue_id else limited_queue_id end, 'key ' || i,
             case when i <= 1000 then task_id else limited_task_id end
        from place, generate_series(1, 6000) as i
       order by i;

      insert into slots (environment_id, queue_id, concurrency_key, in_use)
      select :environment, limited_queue_id, 'key ' || i, 0
        from place, generate_series(1001, 6000) as i;

      insert into ready (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt,
                         losses)
      select :environment, case when i < 900000 then task_id else limited_task_id end, 0,
             case when i < 700000 then lane_id
                  when i < 900000 then last_lane_id + 1 + (i - 700000) / 200
                  else last_lane_id + 1001 + (i - 900000) / 20 end,
             i, pg_temp.id('001', i), 0, 0, 0
        from place, generate_series(0, 999999) as i;

      insert into runs (environment_id, run_id, task_id, queue_id, lane_id, rank, created_at, batch_id,
                        batch_index, payload, source, is_test)
      select environment_id, r.last_id, r.task_id,
             case when r.task_id = p.task_id then p.queue_id else p.limited_queue_id end,
             r.lane_id, r.rank, now(), pg_temp.id('002', r.rank / 100), r.rank % 100, '{}', 'API', false
        from ready r, place p
       where r.rank < 1000 or r.rank between 700000 and 999999 and r.rank % 20 < 10;

      insert into batches (environment_id, batch_id, status, open_runs, item_count, first_ids,
                           created_at, sealed_at)
      select :environment, pg_temp.id('002', i), 'PENDING', 100, 100, '{}', now(), now()
        from generate_series(0, 9999) as i;

      insert into leases (environment_id, run_id, session_id, fence, lane_id, rank, attempt, losses,
                          claimed_at)
      select :environment, pg_temp.id('003', i), pg_temp.id('004', 0), 1, lane_id, i, 0, 0, now()
        from place, generate_series(1, 50000) as i;
      """;

  /** Nobody has analyzed the tables meanwhile. */
  private static final String STALE =
      """
      do $$
      begin
        assert (select count(*) from ready) > 999000;
        assert (select max(reltuples) from pg_class
                 where relnamespace = 'fanfare'::regnamespace and relkind = 'r') < 1000;
      end $$
      """;

  private List<ClaimedRun> claimed = List.of();
  private final List<String> bad = new ArrayList<>();

  private void useEverything() {
    check("trigger", () -> trigger(UNLIMITED), "into runs", "into ready", "into batches");
    check("trigger", () -> trigger(LIMITED), "into runs", "into ready", "into batches");
    check("hand-over", StalePlansTest::handOver, "into leases", "into ready");
    for (Worker each : List.of(unlimited, limited)) {
      check("claim", () -> claim(each), "with recursive worker", "live_session");
      check("success", () -> succeed(each), "from leases", "into outcomes", "update slots");
    }
    check("claim", () -> claim(limited), "into slots");
    check("start", () -> start(limited), "update leases");
    check("success after start", () -> succeed(limited), "from leases", "into outcomes");
    check("renewal", StalePlansTest::renew, "update sessions");
    for (Sweep sweep : engine.components.sweeps()) {
      String name = sweep.getClass().getSimpleName();
      check(name, log.during(() -> ask(sweep)), SMALL_TABLES);
    }
  }

  /** Checks the plans of a call, which executes statements with these parts. */
  private void check(String call, Runnable work, String... parts) {
    List<Plan> plans = log.during(work);
    for (String part : parts) {
      assertThat(plans).as(call).anyMatch(plan -> plan.sql().contains(part));
    }
    check(call, plans, Set.of());
  }

  private void check(String call, List<Plan> plans, Set<String> small) {
    for (Plan plan : plans) {
      List<String> faults = new ArrayList<>();
      for (Node node : plan.nodes()) {
        if (node.type().equals("Seq Scan") && !small.contains(node.table())) {
          faults.add("scans " + node.table());
        }
        boolean known = node.table().equals("lanes") && plan.sql().contains(KNOWN);
        if (!known && node.rows() > rowsMax(node.table())) {
          faults.add("%,.0f rows in %s %s".formatted(node.rows(), node.type(), node.table()));
        }
      }
      if (!plan.sql().contains(KNOWN) && plan.blocks() > BLOCKS_MAX) {
        faults.add("%,d blocks".formatted(plan.blocks()));
      }
      if (!faults.isEmpty()) {
        bad.add("%s %s: %s".formatted(call, String.join(", ", faults), plan));
      }
    }
  }

  private static int rowsMax(String table) {
    return table.isEmpty()
        ? JOINED_ROWS_MAX
        : table.startsWith("ready") ? READY_ROWS_MAX : ROWS_MAX;
  }

  private static void trigger(String task) {
    Item[] items = new Item[RUNS];
    Arrays.fill(items, Item.of(task).payload("{}"));
    tenant.batch(items);
  }

  private static void handOver() {
    Seat seat = tenant.seat(unlimited.claimant(1), RUNS, Worker.PLENTY);
    trigger(UNLIMITED);
    assertThat(seat.leave()).hasSize(RUNS);
  }

  private void claim(Worker worker) {
    claimed = worker.claim(RUNS);
    assertThat(claimed).isNotEmpty();
  }

  private void start(Worker worker) {
    List<AttemptRef> attempts = claimed.stream().map(run -> Worker.started(run, 1)).toList();
    assertThat(worker.report(attempts, List.of(), List.of()).lost()).isEmpty();
  }

  private void succeed(Worker worker) {
    List<Finished> all = claimed.stream().map(run -> Worker.success(run, 1, "1")).toList();
    assertThat(worker.report(List.of(), all, List.of()).lost()).isEmpty();
  }

  private static void renew() {
    unlimited.onAnotherServer().heartbeat();
  }

  private static void ask(Sweep sweep) {
    engine.database.transaction(tx -> tx.sql(sweep.dueQuery().text()).list(r -> true));
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = engine.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("set auto_explain.log_min_duration = -1");
      statement.execute("set search_path = fanfare");
      statement.execute(sql);
    }
  }

  private void fill() throws SQLException {
    String time = HexFormat.of().toHexDigits(tenant.now().toEpochMilli(), 12);
    String environment = String.valueOf(tenant.id());
    execute(FILL.replace(":time", time).replace(":environment", environment));
  }

  private static void forgetPlans() {
    Function<Tx, Void> forget =
        tx -> {
          tx.define("discard plans");
          return null;
        };
    engine.database.transaction(forget);
    engine.database.urgent(() -> engine.database.transaction(forget));
  }

  @Test
  void hot_statements_read_few_rows_whatever_postgresql_believes() throws SQLException {
    trigger(UNLIMITED);
    trigger(LIMITED);
    execute(NEVER_AGAIN);
    execute("analyze");
    useEverything();
    fill();
    useEverything();
    forgetPlans();
    useEverything();
    execute(STALE);
    assertThat(bad).isEmpty();
  }
}

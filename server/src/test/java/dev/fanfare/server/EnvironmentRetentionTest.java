package dev.fanfare.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.batch.TriggeredBatch;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.Retention;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.testkit.Seed;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** An environment can keep its runs for a longer or shorter time than the server says. */
class EnvironmentRetentionTest {
  private static final Duration DAY = Duration.ofDays(1);

  /** Everything that a run leaves behind, and its batch. */
  private static final List<String> TABLES =
      List.of(
          "runs",
          "outcomes",
          "run_tags",
          "run_metadata",
          "packet_refs",
          "packets",
          "packet_bytes",
          "expiries",
          "batches");

  /** A partition, and the times for which its last runs and those that end late are kept. */
  private static final Duration PATIENCE = Duration.ofDays(7 + 1 + 7 + 2);

  private static final String ORPHANS =
      """
      select count(*)::int as n
        from %s x
       where x.environment_id = :environment
         and not exists (select
                           from runs r
                          where r.environment_id = x.environment_id
                            and r.run_id = x.run_id)
      """;

  @AutoClose final Engine engine = Engine.start();

  final Tenant usual = engine.tenant();
  final Tenant other = engine.tenant();

  private void sweep() {
    Instant now = engine.clock.instant();
    engine.sweep("PartitionSweep", now);
    engine.sweep("RetentionSweep", now);
    engine.sweep("PacketSweep", now);
  }

  private void let(Duration span) {
    for (Duration left = span; left.isPositive(); left = left.minus(DAY)) {
      engine.clock.advance(DAY);
      sweep();
    }
  }

  /** Triggers and finishes a batch of runs that leave something in each table. */
  private List<UUID> finished(Tenant tenant) {
    engine.components.packet.packets().store(tenant.id(), "p", "text/plain", "1".getBytes(UTF_8));
    TriggeredBatch batch =
        tenant.batch(
            Item.of("a").tags("t", "u").metadata("{}").ttl(Duration.ofDays(900)),
            Item.of("a").payload("\"p\"").payloadType("application/store").key("k"),
            Item.of("a"));
    Worker worker = tenant.worker("a");
    worker.claim(10).forEach(run -> worker.succeed(run, "1"));
    worker.close();
    endNow(tenant);
    return batch.items().stream().map(TriggeredBatch.Item::runId).toList();
  }

  /** Moves ends that the database dated by its own clock to that of the test. */
  private void endNow(Tenant tenant) {
    engine.database.transaction(
        tenant.id(),
        tx -> {
          tx.sql(
                  """
                  update outcomes
                     set finished_at = :now
                   where environment_id = :environment
                     and finished_at < now() + interval '1 hour'
                  """)
              .bind("now", engine.clock.instant())
              .update();
          return tx.sql(
                  """
                  update batches
                     set completed_at = :now
                   where environment_id = :environment
                     and completed_at < now() + interval '1 hour'
                  """)
              .bind("now", engine.clock.instant())
              .update();
        });
  }

  private static void assertEmpty(Tenant tenant) {
    for (String table : TABLES) {
      assertThat(tenant.count(table)).as(table).isZero();
    }
  }

  private static void assertFull(Tenant tenant) {
    for (String table : TABLES) {
      assertThat(tenant.count(table)).as(table).isPositive();
    }
  }

  @Test
  void runs_of_an_environment_with_a_shorter_retention_go_before_those_of_others() {
    other.keepFor("5d");
    finished(usual);
    finished(other);
    let(Duration.ofDays(5));
    assertFull(usual);
    assertFull(other);
    let(Duration.ofDays(2));
    assertFull(usual);
    assertEmpty(other);
    let(Duration.ofDays(40));
    assertEmpty(usual);
  }

  @Test
  void runs_of_an_environment_with_a_longer_retention_stay_when_those_of_others_go() {
    other.keepFor("100d");
    finished(usual);
    finished(other);
    let(Duration.ofDays(30));
    assertFull(usual);
    let(Duration.ofDays(2));
    assertEmpty(usual);
    let(Duration.ofDays(68));
    assertFull(other);
    let(Duration.ofDays(17));
    assertEmpty(other);
  }

  @Test
  void an_environment_can_keep_its_runs_forever() {
    other.keepFor("forever");
    finished(usual);
    List<UUID> kept = finished(other);
    let(Duration.ofDays(32));
    assertEmpty(usual);
    let(Duration.ofDays(60));
    assertFull(other);
    kept.forEach(run -> assertThat(other.status(run)).isEqualTo(RunStatus.COMPLETED));
  }

  @Test
  void a_drop_that_was_interrupted_is_completed_although_runs_are_kept_forever_by_then() {
    finished(usual);
    let(Duration.ofDays(20));
    engine.clock.advance(Duration.ofDays(30));
    engine.database.transaction(tx -> {
      tx.sql("select from outcomes limit 1").list(r -> true);
      sweep();
      return null;
    });
    assertThat(usual.count("runs")).isZero();
    assertThat(usual.count("outcomes")).isPositive();
    other.keepFor("forever");
    sweep();
    assertThat(usual.count("outcomes")).isZero();
  }

  @Test
  void a_change_of_the_retention_holds_for_runs_that_are_stored() {
    other.keepFor("5d");
    finished(other);
    let(Duration.ofDays(4));
    other.keepFor("20d");
    let(Duration.ofDays(12));
    assertFull(other);
    other.keepFor(null);
    let(Duration.ofDays(10));
    assertFull(other);
    other.keepFor("5d");
    let(DAY);
    assertEmpty(other);
    finished(other);
    other.keepFor(null);
    let(Duration.ofDays(28));
    assertFull(other);
    let(Duration.ofDays(12));
    assertEmpty(other);
  }

  @Test
  void runs_that_are_not_final_stay_in_an_environment_with_a_shorter_retention() {
    other.keepFor("5d");
    Worker worker =
        other.worker(Tenant.task("a", new RetryPolicy(5, 3_600_000, 3_600_000, 1, false)));
    UUID retried = other.trigger(Item.of("a"));
    worker.fail(worker.claimOne(), 1, true);
    TriggeredBatch batch = other.batch(Item.of("a"), Item.of("a").tags("x"), Item.of("a"));
    List<ClaimedRun> claimed = worker.claim(2);
    worker.start(claimed.getFirst());
    UUID parked = other.trigger(Item.of("unknown").metadata("{\"a\":1}"));
    engine.sweep("ParkSweep", engine.clock.instant());
    UUID late = other.trigger(Item.of("a").delayUntil(engine.clock.instant().plus(DAY)));
    List<UUID> open = new ArrayList<>(List.of(retried, parked, late));
    batch.items().forEach(item -> open.add(item.runId()));
    Map<UUID, RunStatus> before = new HashMap<>();
    open.forEach(run -> before.put(run, other.status(run)));
    assertThat(before).containsValues(RunStatus.EXECUTING, RunStatus.PENDING_VERSION);

    let(Duration.ofDays(50)); // beyond the retention of the partitions
    before.forEach((run, status) -> assertThat(other.status(run)).isEqualTo(status));
    Invariants.check(other);

    claimed.forEach(run -> worker.succeed(run, "1"));
    worker.succeed(worker.claimOne(), "1");
    endNow(other);
    let(Duration.ofDays(4));
    assertThat(other.stored(batch.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(other.finalRuns(batch.batchId())).hasSize(3);
    let(Duration.ofDays(3));
    assertThat(other.count("batches")).isZero();
    assertThat(other.count("outcomes")).isZero();
    assertThat(other.count("runs")).isEqualTo(3);
    assertThat(other.run(parked).metadata()).isEqualTo("{\"a\":1}");
    Invariants.check(other);
  }

  @Test
  void a_packet_that_a_debounced_run_no_longer_has_goes_with_the_run() {
    other.keepFor("5d");
    for (String path : List.of("old", "new")) {
      engine.components.packet.packets().store(other.id(), path, "text/plain", new byte[1]);
      other.trigger(
          Item.of("a")
              .payload("\"" + path + "\"")
              .payloadType("application/store")
              .debounce("key", DAY)
              .trailing());
    }
    assertThat(other.count("packet_refs")).isEqualTo(2);
    other.queueDue(engine.clock.instant().plus(DAY));
    Worker worker = other.worker("a");
    worker.succeed(worker.claimOne(), "1");
    endNow(other);
    let(Duration.ofDays(8));
    assertEmpty(other);
  }

  /** When a run became final, and since when the current retention says that it may go. */
  private static final class Stored {
    private Instant finishedAt;
    private Instant mayGoSince;
    private boolean mayBeGone;
  }

  @Test
  void random_retentions_keep_what_they_say_and_no_more() {
    Seed.run(random -> {
      Map<Tenant, String> retentions = new HashMap<>();
      Map<Tenant, Map<UUID, Stored>> runs = new HashMap<>();
      for (Tenant tenant : List.of(usual, other, engine.tenant())) {
        runs.put(tenant, new HashMap<>());
      }
      for (int day = 0; day < 80; day++) {
        for (Tenant tenant : runs.keySet()) {
          if (random.nextInt(20) == 0) {
            String chosen = List.of("2d", "9d", "30d", "45d").get(random.nextInt(4));
            retentions.put(tenant, chosen);
            tenant.keepFor(chosen);
          }
          work(tenant, runs.get(tenant), random);
        }
        engine.clock.advance(Duration.ofHours(random.nextInt(12, 30)));
        sweep();
        runs.forEach((tenant, stored) ->
            check(tenant, stored, Retention.parse(retentions.getOrDefault(tenant, "30d"))));
      }
    });
  }

  private void work(Tenant tenant, Map<UUID, Stored> runs, SplittableRandom random) {
    tenant
        .batch(
            Item.of("a").tags("t"),
            Item.of("a").metadata("{}"),
            Item.of("a").ttl(Duration.ofDays(300)))
        .items()
        .forEach(item -> runs.put(item.runId(), new Stored()));
    Worker worker = tenant.worker("a");
    for (ClaimedRun run : worker.claim(random.nextInt(1, 7))) {
      worker.succeed(run, "1");
      runs.get(run.runId()).finishedAt = engine.clock.instant();
    }
    worker.close();
    endNow(tenant);
  }

  private void check(Tenant tenant, Map<UUID, Stored> runs, Retention retention) {
    Instant now = engine.clock.instant();
    Set<UUID> found = new HashSet<>(ids(tenant));
    runs.forEach((id, run) -> {
      boolean mayGo =
          run.finishedAt != null && !run.finishedAt.isAfter(now.minus(retention.span()));
      run.mayBeGone |= mayGo;
      run.mayGoSince = !mayGo ? null : run.mayGoSince == null ? now : run.mayGoSince;
      if (!run.mayBeGone) {
        assertThat(found).as("finished at %s, now %s", run.finishedAt, now).contains(id);
      } else if (run.mayGoSince != null && run.mayGoSince.isBefore(now.minus(PATIENCE))) {
        assertThat(found).as("may go since %s, now %s", run.mayGoSince, now).doesNotContain(id);
      }
    });
    Invariants.check(tenant);
    for (String table : List.of("run_tags", "run_metadata", "expiries")) {
      assertThat(tenant.number(ORPHANS.formatted(table))).as(table).isZero();
    }
  }

  private List<UUID> ids(Tenant tenant) {
    return engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql("select run_id from runs where environment_id = :environment")
                .list(r -> r.uuid("run_id")));
  }

  private Sweep retentionSweep() {
    return engine.server().sweeps().stream()
        .filter(sweep -> sweep.getClass().getSimpleName().equals("RetentionSweep"))
        .findFirst()
        .orElseThrow();
  }

  private void finishMany(int batches) {
    for (int i = 0; i < batches; i++) {
      Item[] items = new Item[1_000];
      for (int n = 0; n < items.length; n++) {
        items[n] = Item.of("a").tags("t").metadata("{}");
      }
      other.batch(items);
    }
    engine.database.transaction(
        other.id(),
        tx -> {
          tx.sql(
                  """
                  insert into outcomes
                         (environment_id, run_id, status, attempt, finished_at, duration_ms)
                  select environment_id, run_id, 'COMPLETED', 1, :now, 1
                    from runs
                   where environment_id = :environment
                      on conflict do nothing
                  """)
              .bind("now", engine.clock.instant())
              .update();
          tx.sql(
                  """
                  update batches
                     set open_runs = 0, status = 'COMPLETED', completed_at = :now
                   where environment_id = :environment
                     and open_runs > 0
                  """)
              .bind("now", engine.clock.instant())
              .update();
          return tx.sql("delete from ready where environment_id = :environment").update();
        });
  }

  @Test
  void what_stays_is_visited_once_a_day() {
    other.keepFor("5d");
    finishMany(3);
    engine.clock.advance(Duration.ofDays(10));
    engine.database.transaction(
        other.id(),
        tx ->
            tx.sql(
                    """
                    update outcomes
                       set finished_at = :now
                     where environment_id = :environment
                    """)
                .bind("now", engine.clock.instant())
                .update());
    Sweep sweep = retentionSweep();
    assertThat(all(sweep)).as("the runs and their batches").isGreaterThanOrEqualTo(3_003);
    assertThat(other.count("runs")).isEqualTo(3_000);
    assertThat(other.count("batches")).isZero();
    int visited = 0;
    for (int hour = 0; hour < 23; hour++) {
      engine.clock.advance(Duration.ofHours(1));
      visited += all(hour % 2 == 0 ? sweep : retentionSweep());
    }
    assertThat(visited).as("nothing but steps to later times").isLessThanOrEqualTo(10);
    engine.clock.advance(Duration.ofHours(2));
    assertThat(all(sweep)).isGreaterThanOrEqualTo(3_000);
    let(Duration.ofDays(6));
    assertThat(other.count("runs")).isZero();
  }

  private int all(Sweep sweep) {
    Instant now = engine.clock.instant();
    int visited = 0;
    for (int n = sweep.runOnce(other.id(), now); n > 0; n = sweep.runOnce(other.id(), now)) {
      visited += n;
    }
    return visited;
  }

  @Test
  void servers_delete_each_run_once_while_callers_change_runs() throws SQLException {
    other.keepFor("5d");
    finishMany(6);
    engine.clock.advance(Duration.ofDays(7));
    finished(usual);
    List<UUID> runs = ids(other);
    AtomicInteger visited = new AtomicInteger();
    Concurrently.call(
        4,
        n -> {
          Sweep sweep = retentionSweep();
          for (int step = 0; step < 100 && n < 3; step++) {
            visited.addAndGet(sweep.runOnce(other.id(), engine.clock.instant()));
          }
          for (UUID run : n < 3 ? List.<UUID>of() : runs.subList(0, 300)) {
            engine.components.control.changeRuns().addTags(other.id(), run, List.of("late"));
          }
          return null;
        });
    assertThat(visited.get()).isBetween(6_006, 6_020);
    for (String table : List.of("runs", "outcomes", "run_tags", "run_metadata", "batches")) {
      assertThat(other.count(table)).as(table).isZero();
    }
    assertFull(usual);
    assertThat(engine.deadlocks()).isZero();
  }
}

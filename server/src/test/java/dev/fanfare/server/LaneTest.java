package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.batch.AnnounceBatch;
import dev.fanfare.server.batch.ItemStream;
import dev.fanfare.server.batch.StreamedItem;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.Source;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lanes themselves: their numbers, and how those that nobody uses go away. */
@Timeout(120)
class LaneTest {
  @AutoClose static final Engine engine = Engine.start();

  private static final Duration A_DAY = Duration.ofDays(1).plusSeconds(1);

  final Tenant tenant = engine.tenant();

  private int days;

  private static void execute(String sql) {
    engine.database.transaction(tx -> tx.sql(sql).update());
  }

  private void executeHere(String sql) {
    engine.database.transaction(tenant.id(), tx -> tx.sql(sql).update());
  }

  private long lane() {
    return Objects.requireNonNull(
        engine.database.transaction(
            tenant.id(),
            tx ->
                tx.sql("select max(lane_id) as id from lanes where environment_id = :environment")
                    .first(r -> r.bigint("id"))));
  }

  private int idle() {
    return tenant.number(
        "select count(*)::int as n from lanes where idle and environment_id = :environment");
  }

  /** A day later: the sweep checks each lane. */
  private void nextDay() {
    days++;
    engine.sweep("LaneSweep", tenant.now().plus(A_DAY.multipliedBy(days)));
  }

  /** A worker of task "a", whose lane was used once. */
  private Worker workerWithUsedLane() {
    Worker worker = tenant.worker("a");
    tenant.trigger(Item.of("a"));
    worker.succeed(worker.claimOne(), "1");
    return worker;
  }

  @Test
  void the_numbers_of_lanes_may_exceed_32_bits() {
    execute("alter table lanes alter column lane_id restart with 3000000000");
    UUID parked = tenant.trigger(Item.of("undeclared"));
    Worker worker = tenant.worker(Tenant.limited("a", "q", 10));
    Duration ttl = Duration.ofHours(1);
    UUID ended = tenant.trigger(Item.of("a").ttl(ttl));
    UUID expired = tenant.trigger(Item.of("a").ttl(ttl).priority(Duration.ofHours(-1)));
    UUID delayed =
        tenant.trigger(Item.of("a").delayUntil(engine.clock.instant().plus(Duration.ofHours(2))));
    UUID canceled = tenant.trigger(Item.of("a").concurrencyKey("k"));
    tenant.cancel(canceled);
    assertThat(tenant.park()).isEqualTo(1);
    ClaimedRun claimed = worker.claim(1).getFirst();
    worker.succeed(claimed, "1");
    engine.sweep("ExpireSweep", engine.clock.instant().plus(ttl));
    tenant.worker("undeclared");
    assertThat(
            tenant.number(
                """
                select count(*)::int as n
                  from lanes
                 where environment_id = :environment
                   and lane_id >= 3000000000
                """))
        .isEqualTo(3);
    assertThat(tenant.status(ended)).isEqualTo(RunStatus.COMPLETED);
    assertThat(tenant.status(expired)).isEqualTo(RunStatus.EXPIRED);
    assertThat(tenant.status(delayed)).isEqualTo(RunStatus.DELAYED);
    assertThat(tenant.status(canceled)).isEqualTo(RunStatus.CANCELED);
    assertThat(tenant.status(parked)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.slotsInUse()).isZero();
  }

  @Test
  void triggers_of_known_lanes_use_up_no_numbers_after_a_restart() {
    Item[] items =
        IntStream.range(0, 100)
            .mapToObj(i -> Item.of("a").concurrencyKey("key " + i))
            .toArray(Item[]::new);
    tenant.batch(items);
    long last = lane();
    Components restarted = engine.server();
    for (int i = 0; i < 1_000; i++) {
      tenant.triggerOn(restarted, items[i % 100]);
    }
    for (int i = 0; i < 10; i++) {
      tenant.batchOn(engine.server(), items);
    }
    assertThat(tenant.number("select (last_value - " + last + ")::int as n from lanes_lane_id_seq"))
        .isZero();
  }

  @Test
  void a_lane_that_nobody_uses_is_gone_after_two_days() {
    workerWithUsedLane();
    nextDay();
    assertThat(tenant.count("lanes")).isEqualTo(1);
    assertThat(idle()).isEqualTo(1);
    nextDay();
    assertThat(tenant.count("lanes")).isZero();
  }

  @Test
  void a_final_run_outlives_its_lane() {
    Worker worker = tenant.workerOf("7", Tenant.limited("a", "q", 5));
    UUID run = tenant.trigger(Item.of("a").concurrencyKey("k").lockToVersion("7"));
    worker.succeed(worker.claimOne(), "1");
    Run before = tenant.run(run);
    nextDay();
    nextDay();
    assertThat(tenant.count("lanes")).isZero();
    assertThat(tenant.run(run)).isEqualTo(before);
    assertThat(before.queue()).isEqualTo("q");
    assertThat(before.version()).isEqualTo("7");
    tenant.cancel(run);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.COMPLETED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ready", "delays", "leases", "parked", "batch_items"})
  void a_lane_stays_as_long_as_there_is_a_run_of_it(String place) {
    Worker worker = tenant.worker(Tenant.task("a", new RetryPolicy(3, 60_000, 60_000, 1, false)));
    switch (place) {
      case "ready" -> tenant.trigger(Item.of("a"));
      case "delays" -> {
        tenant.trigger(Item.of("a"));
        worker.fail(worker.claimOne(), 1, true);
      }
      case "leases" -> {
        tenant.trigger(Item.of("a"));
        worker.start(worker.claimOne());
      }
      case "parked" -> {
        tenant.trigger(Item.of("undeclared"));
        tenant.park();
      }
      default -> stream(announce(2), 0, 1);
    }
    assertThat(tenant.count(place)).isEqualTo(1);
    for (int i = 0; i < 4; i++) {
      nextDay();
      assertThat(tenant.count("lanes")).as("day " + days).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void a_server_that_knows_a_retired_lane_triggers_into_a_live_one(int daysUnused) {
    Worker worker = workerWithUsedLane();
    String key = "k";
    List<Runnable> triggers =
        List.of(
            () -> tenant.trigger(Item.of("a")),
            () -> tenant.batch(Item.of("a"), Item.of("a").concurrencyKey(key)),
            () -> tenant.trigger(Item.of("a").delayUntil(engine.clock.instant().plusSeconds(60))),
            () -> tenant.trigger(Item.of("a").debounce("d", Duration.ofSeconds(60))),
            () -> stream(announce(1), 0, 1),
            () -> {
              UUID batch = announce(3);
              stream(batch, 0, 2);
              stream(batch, 2, 3);
            });
    for (Runnable trigger : triggers) {
      for (int i = 0; i < daysUnused; i++) {
        nextDay();
      }
      assertThat(idle()).isEqualTo(daysUnused == 1 ? tenant.count("lanes") : 0);
      trigger.run();
      tenant.queueDue(engine.clock.instant().plusSeconds(61));
      assertThat(idle()).as("lanes with runs").isEqualTo(withoutRuns());
      List<ClaimedRun> claimed = worker.claim(Tenant.SLOTS);
      assertThat(claimed).hasSize(tenant.count("runs") - tenant.count("outcomes")).isNotEmpty();
      claimed.forEach(run -> worker.succeed(run, "1"));
    }
  }

  private int withoutRuns() {
    return tenant.number(
        """
        select count(*)::int as n
          from lanes l
         where environment_id = :environment
           and not exists (select
                             from ready r
                            where r.environment_id = l.environment_id
                              and r.lane_id = l.lane_id)
        """);
  }

  @Test
  void items_that_were_stored_before_their_lane_was_idle_get_their_runs() {
    tenant.worker("a");
    UUID batch = announce(2);
    stream(batch, 0, 1);
    executeHere("update lanes set idle = true where environment_id = :environment");
    stream(batch, 1, 2);
    assertThat(tenant.count("ready")).isEqualTo(2);
    executeHere("update lanes set idle = true where environment_id = :environment");
    stream(announce(2), 0, 1);
    assertThat(idle()).as("the items that wait revived it").isZero();
  }

  @Test
  void without_its_lane_a_run_stays_where_it_is_and_is_not_lost() {
    Worker worker = tenant.worker("a");
    UUID delayed =
        tenant.trigger(Item.of("a").delayUntil(engine.clock.instant().plus(Duration.ofHours(1))));
    UUID claimed = tenant.trigger(Item.of("a"));
    ClaimedRun held = worker.claimOne();
    executeHere("delete from lanes where environment_id = :environment"); // which must not happen
    assertThatThrownBy(() -> tenant.queueDue(engine.clock.instant().plus(Duration.ofHours(2))))
        .isInstanceOf(DatabaseException.class);
    assertThatThrownBy(() -> worker.handBack(held)).isInstanceOf(DatabaseException.class);
    assertThat(tenant.status(delayed)).isEqualTo(RunStatus.DELAYED);
    assertThat(tenant.status(claimed)).isEqualTo(RunStatus.DEQUEUED);
    executeHere("delete from delays where environment_id = :environment");
  }

  /** The trigger has looked at the lane, and is not committed when the lane is marked. */
  @Test
  void a_lane_stays_that_is_marked_while_a_trigger_is_under_way() throws Exception {
    Worker worker = workerWithUsedLane();
    long lane = lane();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> trigger;
      try (Held held = new Held(engine.database, "lock table batches in exclusive mode")) {
        trigger = threads.submit(() -> tenant.batch(Item.of("a")));
        held.awaitWaiter();
        nextDay();
        assertThat(idle()).as("its run is not visible yet").isEqualTo(1);
      }
      trigger.get(20, TimeUnit.SECONDS);
    }
    nextDay();
    nextDay();
    assertThat(lane()).isEqualTo(lane);
    assertThat(worker.claim(9)).hasSize(1);
  }

  /** The trigger has found the lane, and adds its runs when the lane is gone. */
  @Test
  void a_trigger_whose_lane_goes_while_it_is_under_way_is_repeated() throws Exception {
    Worker worker = workerWithUsedLane();
    long lane = lane();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> trigger;
      try (Held held = new Held(engine.database, "lock table ready in exclusive mode")) {
        trigger = threads.submit(() -> tenant.trigger(Item.of("a")));
        held.awaitWaiter();
        nextDay();
        nextDay();
        assertThat(tenant.count("lanes")).isZero();
      }
      trigger.get(20, TimeUnit.SECONDS);
    }
    assertThat(lane()).isGreaterThan(lane);
    assertThat(worker.claim(9)).hasSize(1);
    assertThat(tenant.count("runs")).isEqualTo(2);
  }

  private UUID announce(int items) {
    return engine
        .components
        .batch
        .announceBatch()
        .announce(tenant.id(), new AnnounceBatch.Announcement(items, null, null, null, null))
        .orElseThrow(HttpError::of)
        .batchId();
  }

  private void stream(UUID batch, int from, int to) {
    engine
        .components
        .batch
        .addItems()
        .add(tenant.id(), batch, Source.API, new Items(from, to))
        .orElseThrow(HttpError::of);
  }

  /** Items of task "a". */
  private static final class Items implements ItemStream {
    private int next;
    private final int end;

    Items(int from, int end) {
      this.next = from;
      this.end = end;
    }

    @Override
    public StreamedItem next() {
      return next == end ? null : new StreamedItem(next++, read(""), new byte[] {'{', '}'});
    }

    @Override
    public NewRun read(String text) {
      return Item.of("a").toRun();
    }
  }

  @Test
  void a_trigger_follows_its_task_to_another_queue_and_time_to_live() {
    tenant.worker("moving");
    for (int i = 0; i < 2; i++) { // the server knows the task afterwards
      assertThat(tenant.run(tenant.trigger(Item.of("moving"))).queue()).isEqualTo("task/moving");
    }
    tenant.worker(Tenant.limited("moving", "elsewhere", 5));
    assertThat(tenant.run(tenant.trigger(Item.of("moving"))).queue()).isEqualTo("elsewhere");
    executeHere("update tasks set ttl_ms = 60000 where environment_id = :environment");
    UUID expiring = tenant.trigger(Item.of("moving"));
    assertThat(tenant.count("expiries")).isEqualTo(1);
    assertThat(tenant.batch(Item.of("moving"), Item.of("moving")).items()).hasSize(2);
    assertThat(tenant.count("expiries")).isEqualTo(3);
    assertThat(tenant.status(expiring)).isEqualTo(RunStatus.QUEUED);
  }
}

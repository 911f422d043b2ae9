package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.queue.SlotStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Concurrency limits of queues, and fairness among lanes. */
class QueueTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  @Test
  void CON_02_a_queue_never_has_more_claimed_runs_than_its_limit() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 3));
    tenant.triggerMany(10, Item.of("a"));
    List<ClaimedRun> held = worker.claim(10);
    assertThat(held).hasSize(3);
    assertThat(tenant.slotsInUse()).isEqualTo(3);
    assertThat(worker.claim(10)).isEmpty();
    worker.succeed(held.getFirst(), "1");
    assertThat(worker.claim(10)).hasSize(1);
  }

  @Test
  void CON_02_tasks_that_share_a_queue_share_its_limit() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 3), Tenant.limited("b", "q", 3));
    tenant.triggerMany(5, Item.of("a"));
    tenant.triggerMany(5, Item.of("b"));
    assertThat(worker.claim(10)).hasSize(3);
    assertThat(worker.claim(10)).isEmpty();
  }

  @Test
  void CON_04_each_concurrency_key_has_its_own_copy_of_the_limit() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 2));
    for (String key : List.of("x", "y", "z")) {
      tenant.triggerMany(4, Item.of("a").concurrencyKey(key));
    }
    assertThat(tenant.count("ready")).isEqualTo(12);
    List<ClaimedRun> held = new ArrayList<>(worker.claim(100));
    held.addAll(worker.claim(100));
    assertThat(held).hasSize(6);
    assertThat(tenant.count("slots")).isEqualTo(3);
    assertThat(
            tenant.number("select max(in_use) as n from slots where environment_id = :environment"))
        .isEqualTo(2);
  }

  @Test
  void CON_05_every_way_to_end_a_lease_frees_exactly_one_slot() {
    RetryPolicy later = new RetryPolicy(2, 60_000, 60_000, 1, false);
    Worker worker =
        tenant.worker(new TaskDefinition("a", new QueueDefinition("q", 10), later, null, null));
    tenant.triggerMany(6, Item.of("a"));
    List<ClaimedRun> held = worker.claim(6);
    assertThat(tenant.slotsInUse()).isEqualTo(6);
    worker.succeed(held.get(0), "1");
    assertThat(tenant.slotsInUse()).isEqualTo(5);
    worker.fail(held.get(1), 1, false);
    assertThat(tenant.slotsInUse()).isEqualTo(4);
    worker.fail(held.get(2), 1, true);
    assertThat(tenant.slotsInUse()).isEqualTo(3);
    worker.handBack(held.get(3));
    assertThat(tenant.slotsInUse()).isEqualTo(2);
    worker.start(held.get(4));
    tenant.reclaim(tenant.now().plus(Tenant.NO_START));
    assertThat(tenant.slotsInUse()).isEqualTo(1);
    worker.close();
    assertThat(tenant.slotsInUse()).isZero();
  }

  @Test
  void CON_06_reporting_a_run_that_is_not_held_changes_no_counter() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 2));
    tenant.triggerMany(2, Item.of("a"));
    List<ClaimedRun> held = worker.claim(2);
    worker.handBack(held.get(0));
    worker.handBack(held.get(0));
    worker.succeed(held.get(0), "1");
    assertThat(tenant.slotsInUse()).isEqualTo(1);
    worker.succeed(held.get(1), "1");
    worker.succeed(held.get(1), "1");
    worker.close();
    assertThat(tenant.slotsInUse()).isZero();
  }

  @Test
  void CON_09_a_limit_lowered_below_the_slots_in_use_lets_held_runs_finish_and_new_ones_wait() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 5));
    tenant.triggerMany(10, Item.of("a"));
    List<ClaimedRun> held = worker.claim(5);
    tenant.worker(Tenant.limited("a", "q", 2));
    assertThat(worker.claim(5)).isEmpty();
    for (int ended = 0; ended < 3; ended++) {
      assertThat(worker.start(held.get(ended)).lost()).isEmpty();
      worker.succeed(held.get(ended), "1");
      assertThat(worker.claim(5)).isEmpty();
    }
    worker.succeed(held.get(3), "1");
    assertThat(worker.claim(5)).hasSize(1);
    tenant.worker(Tenant.limited("a", "q", null));
    assertThat(worker.claim(5)).hasSize(4);
  }

  @Test
  void CON_09_a_limit_introduced_while_runs_are_held_counts_them() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", null));
    tenant.triggerMany(10, Item.of("a"));
    List<ClaimedRun> held = worker.claim(4);
    tenant.worker(Tenant.limited("a", "q", 5));
    assertThat(worker.claim(10)).hasSize(1);
    worker.succeed(held.getFirst(), "1");
    assertThat(worker.claim(10)).hasSize(1);
  }

  @Test
  void CON_09_a_limit_removed_and_restored_counts_runs_claimed_in_between() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 5));
    tenant.triggerMany(20, Item.of("a"));
    worker.claim(3);
    tenant.worker(Tenant.limited("a", "q", null));
    worker.claim(4);
    tenant.worker(Tenant.limited("a", "q", 8));
    assertThat(worker.claim(20)).hasSize(1);
  }

  @Test
  void CON_10_a_sweep_corrects_a_wrong_slot_counter() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 3));
    tenant.triggerMany(10, Item.of("a").concurrencyKey("x"));
    worker.claim(1);
    for (int wrong : List.of(3, 0)) {
      engine.database.transaction(
          tenant.id(),
          tx ->
              tx.sql("update slots set in_use = :wrong where environment_id = :environment")
                  .bind("wrong", wrong)
                  .update());
      engine.sweep("SlotSweep", tenant.now());
      assertThat(tenant.slotsInUse()).isEqualTo(1);
    }
    assertThat(worker.claim(10)).hasSize(2);
  }

  @Test
  void CON_10_a_sweep_deletes_the_counters_of_unused_concurrency_keys() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 1));
    for (String key : List.of("x", "y", "z")) {
      tenant.triggerMany(2, Item.of("a").concurrencyKey(key));
    }
    List<ClaimedRun> held = worker.claim(10);
    assertThat(held).hasSize(3);
    worker.succeed(held.get(0), "1");
    worker.succeed(held.get(1), "1");
    engine.sweep("SlotSweep", tenant.now());
    assertThat(tenant.count("slots")).isEqualTo(1);
    assertThat(worker.claim(10)).hasSize(2);
    assertThat(tenant.slotsInUse()).isEqualTo(3);
    assertThat(worker.claim(10)).isEmpty();
    Invariants.check(tenant);
  }

  @Test
  void CON_10_a_locked_counter_holds_up_neither_the_sweep_nor_the_other_queues() throws Exception {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 2));
    for (String key : List.of("x", "y", "z")) {
      tenant.triggerMany(1, Item.of("a").concurrencyKey(key));
    }
    List<ClaimedRun> held = worker.claim(10);
    worker.succeed(held.get(2), "1");
    String setAll = "update slots set in_use = 2 where environment_id = :environment";
    String key = " and concurrency_key = 'x'";
    engine.database.transaction(
        tenant.id(), tx -> tx.sql(setAll + " and concurrency_key <> 'z'").update());
    CountDownLatch locked = new CountDownLatch(1);
    CountDownLatch swept = new CountDownLatch(1);
    Thread slow =
        Thread.ofVirtual()
            .start(() ->
                engine.database.transaction(
                    tenant.id(),
                    tx -> {
                      tx.sql(setAll + key).update();
                      locked.countDown();
                      return await(swept); // a report that waits for something else
                    }));
    await(locked);
    engine.sweep("SlotSweep", tenant.now()); // returns although x is locked
    assertThat(slots("y")).isEqualTo(1);
    assertThat(slots("x")).isEqualTo(2);
    assertThat(slots("z")).isNull();
    swept.countDown();
    slow.join();
    engine.sweep("SlotSweep", tenant.now());
    assertThat(slots("x")).isEqualTo(1);
    Invariants.check(tenant);
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Integer slots(String key) {
    return engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql(
                    """
                    select in_use
                      from slots
                     where environment_id = :environment
                       and concurrency_key = :key
                    """)
                .bind("key", key)
                .first(r -> r.integer("in_use")));
  }

  @Test
  void CON_12_a_lane_of_three_runs_is_not_starved_by_a_lane_of_ten_thousand() {
    Worker worker = tenant.worker("big", "small");
    tenant.triggerMany(10_000, Item.of("big"));
    List<UUID> small = tenant.triggerMany(3, Item.of("small"));
    assertThat(worker.claimIds(10)).containsAll(small);
  }

  @Test
  void CON_12_a_worker_with_one_free_slot_takes_turns_among_the_lanes_too() {
    Worker worker = tenant.worker("big", "small");
    tenant.triggerMany(50, Item.of("big"));
    List<UUID> small = tenant.triggerMany(3, Item.of("small"));
    List<UUID> claimed = new ArrayList<>();
    for (int claims = 0; claims < 6; claims++) {
      claimed.addAll(worker.claimIds(1));
    }
    assertThat(claimed).hasSize(6).containsAll(small);
  }

  @Test
  void CON_12_with_more_lanes_than_slots_every_lane_gets_a_turn_before_any_gets_a_second() {
    Worker worker = tenant.worker("a");
    int lanes = 150;
    Item[] items = new Item[lanes * 3];
    for (int i = 0; i < items.length; i++) {
      items[i] = Item.of("a").concurrencyKey("tenant " + i % lanes).payload("" + i % lanes);
    }
    tenant.batch(items);
    Map<String, Integer> turns = new HashMap<>();
    for (int claims = 0; claims < lanes / 10; claims++) {
      List<ClaimedRun> part = worker.claim(10);
      assertThat(part).hasSize(10);
      part.forEach(run -> turns.merge(run.payload(), 1, Integer::sum));
    }
    assertThat(turns).hasSize(lanes);
    assertThat(turns.values()).containsOnly(1);
  }

  @Test
  void CON_12_of_tasks_that_share_a_limited_queue_the_longest_waiting_run_is_claimed_first() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 1), Tenant.limited("b", "q", 1));
    List<UUID> expected = new ArrayList<>();
    expected.addAll(tenant.triggerMany(2, Item.of("b")));
    expected.addAll(tenant.triggerMany(2, Item.of("a")));
    expected.addAll(tenant.triggerMany(2, Item.of("b")));
    expected.addAll(tenant.triggerMany(1, Item.of("a")));
    List<UUID> claimed = new ArrayList<>();
    for (int i = 0; i < expected.size(); i++) {
      ClaimedRun run = worker.claimOne();
      claimed.add(run.runId());
      worker.succeed(run, "1");
    }
    assertThat(claimed).isEqualTo(expected);
  }

  @Test
  void TRG_07_eight_concurrent_claimers_never_get_the_same_run_or_exceed_a_limit() {
    int limit = 7;
    Worker[] workers = new Worker[8];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = tenant.worker(Tenant.limited("limited", "q", limit), Tenant.task("free"));
    }
    List<UUID> limited = tenant.triggerMany(60, Item.of("limited"));
    List<UUID> free = tenant.triggerMany(400, Item.of("free"));
    Set<UUID> isLimited = new HashSet<>(limited);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<UUID> ended = Collections.synchronizedList(new ArrayList<>());
    Concurrently.call(
        workers.length,
        i -> {
          while (ended.size() < limited.size() + free.size()) {
            List<ClaimedRun> held = workers[i].claim(5);
            long counted = held.stream().filter(run -> isLimited.contains(run.runId())).count();
            most.accumulateAndGet(running.addAndGet((int) counted), Math::max);
            running.addAndGet((int) -counted);
            for (ClaimedRun run : held) {
              workers[i].succeed(run, "1");
              ended.add(run.runId());
            }
          }
          return i;
        });
    assertThat(ended).doesNotHaveDuplicates().hasSize(460);
    assertThat(most.get()).isLessThanOrEqualTo(limit);
    assertThat(tenant.count("outcomes")).isEqualTo(460);
    assertThat(tenant.slotsInUse()).isZero();
  }

  @Test
  void CON_02_eight_concurrent_claimers_that_keep_their_runs_stay_within_the_limit() {
    Worker[] workers = new Worker[8];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = tenant.worker(Tenant.limited("a", "q", 20));
    }
    tenant.triggerMany(200, Item.of("a"));
    List<Integer> claimed =
        Concurrently.call(
            workers.length,
            i -> {
              int own = 0;
              for (int claims = 0; claims < 10; claims++) {
                own += workers[i].claim(3).size();
              }
              return own;
            });
    assertThat(claimed.stream().mapToInt(Integer::intValue).sum()).isEqualTo(20);
    assertThat(tenant.count("leases")).isEqualTo(20);
    assertThat(tenant.slotsInUse()).isEqualTo(20);
  }

  @Test
  void slots_that_are_freed_are_told_to_the_tasks_that_share_them() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 1), Tenant.limited("b", "q", 1));
    tenant.trigger(Item.of("a"));
    tenant.trigger(Item.of("b"));
    tenant.trigger(Item.of("b").concurrencyKey("k"));
    tenant.trigger(Item.of("c"));
    Set<Integer> sharing =
        engine.database.transaction(
            tenant.id(),
            tx ->
                new HashSet<>(
                    tx.sql(
                            """
                            select task_id
                              from tasks
                             where environment_id = :environment
                               and slug in ('a', 'b')
                            """)
                        .list(r -> r.integer("task_id"))));
    assertThat(worker.claim(9)).hasSize(2); // one for each concurrency key
    long lane =
        engine.database.transaction(
            tenant.id(),
            tx ->
                tx.sql(
                        """
                        select min(lane_id) as lane_id
                          from lanes
                         where environment_id = :environment
                           and concurrency_key = ''
                        """)
                    .first(r -> r.bigint("lane_id")));
    List<Integer> told =
        engine
            .database
            .transaction(tenant.id(), tx -> new SlotStore().free(tx, Map.of(lane, 1)))
            .get();
    assertThat(told).containsExactlyInAnyOrderElementsOf(sharing);
  }

  @Test
  void a_claim_whose_second_round_fails_returns_the_runs_leased_in_the_first() {
    Worker worker = tenant.worker("a");
    for (int i = 0; i < 70; i++) { // more lanes than one round of a claim covers
      tenant.trigger(Item.of("a").concurrencyKey("k" + i));
    }
    execute(
        """
        create sequence faults;
        create function fault() returns trigger language plpgsql as $$
        begin
          if nextval('faults') = 2 then
            raise exception 'intended fault';
          end if;
          return null;
        end $$;
        create trigger fault before insert on leases for each statement execute function fault();
        """);
    int claimed;
    try {
      claimed = worker.claim(70).size();
    } finally {
      execute("drop trigger fault on leases; drop function fault(); drop sequence faults");
    }
    assertThat(claimed).isPositive().isLessThan(70).isEqualTo(tenant.count("leases"));
    assertThat(worker.claim(70)).hasSize(70 - claimed);
  }

  private static void execute(String sql) {
    engine.database.transaction(tx -> tx.sql(sql).update());
  }

  @Test
  void a_trigger_uses_up_ids_of_new_lanes_and_queues_only() {
    Item[] items =
        IntStream.range(0, 50)
            .mapToObj(i -> Item.of("a").queue("queue " + i).concurrencyKey("key " + i))
            .toArray(Item[]::new);
    tenant.batch(items);
    int lane = tenant.number("select max(lane_id) as n from lanes");
    int queue = tenant.number("select max(queue_id) as n from queues");
    items[25] = Item.of("a").queue("another").concurrencyKey("key");
    tenant.batchOn(engine.server(), items); // which has nothing in memory
    assertThat(tenant.number("select max(lane_id) as n from lanes")).isEqualTo(lane + 1);
    assertThat(tenant.number("select max(queue_id) as n from queues")).isEqualTo(queue + 1);
  }
}

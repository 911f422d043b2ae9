package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.lease.ClaimedRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Entries of {@code ready} that stand for several runs. */
class ReadyRangeTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private List<UUID> trigger(int count, Item item) {
    Item[] items = new Item[count];
    Arrays.fill(items, item);
    return tenant.batch(items).items().stream().map(each -> each.runId()).toList();
  }

  private int entries() {
    return tenant.number(
        "select count(*)::int as n from ready where environment_id = :environment");
  }

  /** Every entry has as many runs as it says, and begins with the rank of the first. */
  private void check() {
    Invariants.check(tenant);
    assertThat(
            tenant.number(
                """
                select count(*)::int as n
                  from ready y
                 cross join lateral (
                         select count(*) as n, min(r.rank) as rank
                           from ready_runs r
                          where r.environment_id = y.environment_id
                            and r.lane_id = y.lane_id
                            and (r.run_id = y.last_id
                                 or (r.run_id > y.floor_id and r.run_id < y.last_id))) as r
                 where y.environment_id = :environment
                   and (y.n <> r.n or y.rank <> r.rank)
                """))
        .as("entries that say something else than they contain")
        .isZero();
  }

  @Test
  void a_batch_has_one_entry_for_every_32_runs() {
    List<UUID> runs = trigger(100, Item.of("a"));
    assertThat(entries()).isEqualTo(4);
    assertThat(tenant.count("ready")).isEqualTo(100);
    check();
    assertThat(tenant.worker("a").claimIds(100)).isEqualTo(runs);
    assertThat(entries()).isZero();
  }

  @Test
  void a_claim_puts_back_what_it_did_not_take() {
    Worker worker = tenant.worker("a");
    List<UUID> runs = trigger(70, Item.of("a"));
    List<UUID> claimed = new ArrayList<>();
    for (int n : new int[] {1, 10, 30, 2, 26, 100}) {
      claimed.addAll(worker.claimIds(n));
      check();
    }
    assertThat(claimed).isEqualTo(runs);
  }

  @Test
  void runs_that_differ_have_entries_of_their_own() {
    tenant.batch(
        Item.of("a"),
        Item.of("a"),
        Item.of("b"),
        Item.of("a").ttl(Duration.ofHours(1)),
        Item.of("a").ttl(Duration.ofHours(1)),
        Item.of("a").priority(Duration.ofSeconds(5)),
        Item.of("a").priority(Duration.ofSeconds(5)),
        Item.of("a").concurrencyKey("k"),
        Item.of("a").concurrencyKey("k"));
    assertThat(entries()).isEqualTo(6);
    check();
  }

  @Test
  void an_item_that_an_older_run_answers_leaves_a_gap() {
    tenant.trigger(Item.of("a").key("known"));
    tenant.batch(Item.of("a"), Item.of("a"), Item.of("a").key("known"), Item.of("a"), Item.of("a"));
    assertThat(entries()).isEqualTo(3);
    check();
    assertThat(tenant.worker("a").claim(10)).hasSize(5);
  }

  @Test
  void a_run_that_is_canceled_leaves_the_others_in_their_order() {
    List<UUID> runs = new ArrayList<>(trigger(40, Item.of("a")));
    for (int i : new int[] {39, 32, 31, 10, 0}) {
      tenant.cancel(runs.get(i));
      assertThat(tenant.status(runs.remove(i))).isEqualTo(RunStatus.CANCELED);
      check();
    }
    assertThat(tenant.worker("a").claimIds(100)).isEqualTo(runs);
  }

  @Test
  void a_run_can_be_canceled_in_an_entry_of_which_a_claim_took_some() {
    Worker worker = tenant.worker("a");
    List<UUID> runs = trigger(20, Item.of("a"));
    assertThat(worker.claimIds(5)).isEqualTo(runs.subList(0, 5));
    tenant.cancel(runs.get(5));
    tenant.cancel(runs.get(19));
    check();
    assertThat(worker.claimIds(100)).isEqualTo(runs.subList(6, 19));
  }

  @Test
  void runs_that_are_queued_again_come_before_the_rest_of_their_entry() {
    Worker worker = tenant.worker("a");
    List<UUID> runs = trigger(20, Item.of("a"));
    List<ClaimedRun> held = worker.claim(5);
    worker.handBack(held.get(3));
    worker.handBack(held.get(1));
    check();
    assertThat(worker.claimIds(4))
        .containsExactly(runs.get(1), runs.get(3), runs.get(5), runs.get(6));
  }

  @Test
  void parked_runs_are_claimed_in_their_order() {
    List<UUID> runs = trigger(50, Item.of("late"));
    tenant.worker("other");
    tenant.park();
    assertThat(tenant.count("parked")).isEqualTo(50);
    assertThat(entries()).isZero();
    check();
    assertThat(tenant.worker("late").claimIds(100)).isEqualTo(runs);
  }

  @Test
  void of_concurrent_claims_each_gets_other_runs() throws Exception {
    List<UUID> runs = trigger(1_000, Item.of("a"));
    List<Worker> workers = List.of(tenant.worker("a"), tenant.worker("a"), tenant.worker("a"));
    Set<UUID> claimed = new HashSet<>();
    List<List<UUID>> all =
        Concurrently.call(
            workers.size(),
            i -> {
              List<UUID> own = new ArrayList<>();
              for (int misses = 0; misses < 50; ) {
                List<UUID> some = workers.get(i).claimIds(7);
                own.addAll(some);
                misses = some.isEmpty() ? misses + 1 : 0;
              }
              return own;
            });
    all.forEach(claimed::addAll);
    assertThat(all.stream().mapToInt(List::size).sum()).isEqualTo(1_000);
    assertThat(claimed).containsExactlyInAnyOrderElementsOf(runs);
    check();
  }

  @Test
  void random_claims_cancels_and_hand_backs_lose_nothing() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    Worker worker = tenant.worker("a");
    List<ClaimedRun> held = new ArrayList<>();
    Set<UUID> open = new HashSet<>();
    for (int i = 0; i < 60; i++) {
      switch (random.nextInt(4)) {
        case 0 -> open.addAll(trigger(1 + random.nextInt(80), Item.of("a")));
        case 1 -> held.addAll(worker.claim(1 + random.nextInt(40)));
        case 2 -> {
          if (!held.isEmpty()) {
            worker.handBack(held.remove(random.nextInt(held.size())));
          }
        }
        default -> {
          List<UUID> waiting = new ArrayList<>(open);
          held.forEach(run -> waiting.remove(run.runId()));
          if (!waiting.isEmpty()) {
            UUID canceled = waiting.get(random.nextInt(waiting.size()));
            tenant.cancel(canceled);
            open.remove(canceled);
          }
        }
      }
      check();
    }
    for (List<ClaimedRun> some = worker.claim(500); !some.isEmpty(); some = worker.claim(500)) {
      held.addAll(some);
    }
    assertThat(held.stream().map(ClaimedRun::runId))
        .as("seed %s", seed)
        .containsExactlyInAnyOrderElementsOf(open);
  }
}

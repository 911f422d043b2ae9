package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.worker.PollRuns;
import dev.fanfare.server.worker.PollRuns.Order;
import dev.fanfare.testkit.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Claims among many others: what a poll finds, what it leaves, and when it looks again. */
@Timeout(120)
class ClaimTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  /** A server whose polls wait. */
  private final Components waiting =
      engine.server(Engine.config().with(POLL_WAIT, Duration.ofMinutes(1)));

  private PollRuns.Poll poll(UUID session, int slots) {
    return waiting
        .sessions
        .poll(tenant.id(), session, new Order(slots, 0, 0, null), Worker.PLENTY)
        .orElseThrow(HttpError::of);
  }

  @Test
  void CON_14_a_poll_that_met_a_locked_counter_looks_again_in_a_moment() throws Exception {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 10));
    tenant.trigger(Item.of("a"));
    worker.handBack(worker.claimOne()); // the queue has a counter now
    CountDownLatch locked = new CountDownLatch(1);
    CountDownLatch letGo = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> other =
          threads.submit(() ->
              engine.database.transaction(
                  tenant.id(),
                  tx -> {
                    tx.sql("select from slots where environment_id = :environment for update")
                        .list(r -> true);
                    locked.countDown();
                    return await(letGo);
                  }));
      assertThat(await(locked)).isTrue();
      PollRuns.Poll poll = poll(worker.session(), 5);
      assertThat(poll.now().runs()).isEmpty();
      AtomicInteger looks = new AtomicInteger();
      Future<PollRuns.Polled> polled = threads.submit(() -> poll.await(looks::incrementAndGet));
      // Once a second it would look without the contention.
      Await.until("many looks", Duration.ofSeconds(8), () -> looks.get() >= 20);
      letGo.countDown();
      other.get();
      assertThat(polled.get(30, TimeUnit.SECONDS).runs()).hasSize(1);
    }
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void CON_15_no_poll_sees_runs_of_undeclared_tasks_and_a_sweep_parks_a_bounded_number() {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      for (String key : List.of("k1", "k2", "k3")) {
        items.add(Item.of("undeclared").concurrencyKey(key));
      }
    }
    tenant.batch(items.subList(0, 900).toArray(Item[]::new));
    tenant.batch(items.subList(900, 1_800).toArray(Item[]::new));
    UUID run = tenant.trigger(Item.of("a"));
    Worker worker = tenant.worker("a");
    assertThat(worker.claimIds(5)).containsExactly(run);
    assertThat(tenant.count("parked")).isZero();
    engine.sweepAll(tenant.now());
    assertThat(tenant.count("parked")).isEqualTo(1_000);
    engine.sweepAll(tenant.now());
    assertThat(tenant.count("parked")).isEqualTo(1_800);
  }

  @Test
  void CON_16_a_poll_finds_its_lane_at_once_behind_thousands_of_others() {
    tenant.worker("other"); // declares the task, and does not poll
    trigger("other", 64 * 64 + 100); // lanes: more than a claim visits
    UUID run = tenant.trigger(Item.of("a"));
    assertThat(poll(tenant.worker("a").session(), 1).now().runs())
        .extracting(claimed -> claimed.runId())
        .containsExactly(run);
  }

  @Test
  void CON_16_a_poll_continues_where_it_stopped_among_thousands_of_full_lanes() {
    Worker worker = tenant.worker(Tenant.limited("first", "q", 1), Tenant.task("second"));
    trigger("first", 64 * 64 + 100);
    execute(
        """
        insert into slots (environment_id, queue_id, concurrency_key, in_use)
        select environment_id, queue_id, concurrency_key, 1
          from lanes
         where environment_id = :environment
        """);
    UUID run = tenant.trigger(Item.of("second"));
    PollRuns.Poll poll = poll(worker.session(), 1);
    assertThat(poll.now().runs()).isEmpty();
    List<Duration> waits = new ArrayList<>(); // before each look
    long began = System.nanoTime();
    assertThat(poll.await(() -> waits.add(Duration.ofNanos(System.nanoTime() - began))).runs())
        .extracting(claimed -> claimed.runId())
        .containsExactly(run);
    assertThat(waits).as("it continues where it stopped").hasSize(1);
    assertThat(waits.getFirst()).as("and at once").isLessThan(Duration.ofSeconds(1));
  }

  /** Triggers a run in each of many lanes. */
  private void trigger(String task, int lanes) {
    for (int key = 0; key < lanes; ) {
      List<Item> items = new ArrayList<>();
      while (items.size() < 1_000 && key < lanes) {
        items.add(Item.of(task).concurrencyKey("k" + key++));
      }
      tenant.batch(items.toArray(Item[]::new));
    }
  }

  private void execute(String sql) {
    engine.database.transaction(tenant.id(), tx -> tx.sql(sql).update());
  }

  @Test
  void CON_17_a_signal_reaches_the_poll_that_can_execute_the_run() throws Exception {
    Worker other = tenant.worker("other");
    Worker able = tenant.worker("a");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CountDownLatch idle = new CountDownLatch(2);
      Future<PollRuns.Polled> otherPoll = threads.submit(() -> wait(other, idle));
      Future<PollRuns.Polled> ablePoll = threads.submit(() -> wait(able, idle));
      assertThat(await(idle)).isTrue();
      UUID run = tenant.trigger(Item.of("a"));
      assertThat(ablePoll.get(30, TimeUnit.SECONDS).runs())
          .extracting(claimed -> claimed.runId())
          .containsExactly(run);
      tenant.trigger(Item.of("other"));
      assertThat(otherPoll.get(30, TimeUnit.SECONDS).runs()).hasSize(1);
    }
  }

  private PollRuns.Polled wait(Worker worker, CountDownLatch idle) {
    PollRuns.Poll poll = poll(worker.session(), 1);
    PollRuns.Polled polled = poll.now();
    idle.countDown();
    return polled.isEmpty() ? poll.await(() -> {}) : polled;
  }
}

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
  void CON_15_a_poll_parks_a_bounded_number_of_runs() {
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
    assertThat(tenant.count("parked")).isEqualTo(1_000);
    assertThat(worker.claimIds(5)).isEmpty();
    assertThat(tenant.count("parked")).isEqualTo(1_800);
  }

  @Test
  void CON_16_a_poll_sees_its_lane_behind_thousands_of_others() {
    tenant.worker("other"); // declares the task, and does not poll
    int lanes = 64 * 64 + 100; // more than a claim visits
    for (int key = 0; key < lanes; ) {
      List<Item> items = new ArrayList<>();
      while (items.size() < 1_000 && key < lanes) {
        items.add(Item.of("other").concurrencyKey("k" + key++));
      }
      tenant.batch(items.toArray(Item[]::new));
    }
    UUID run = tenant.trigger(Item.of("a"));
    PollRuns.Poll poll = poll(tenant.worker("a").session(), 1);
    assertThat(poll.now().runs()).isEmpty();
    AtomicInteger looks = new AtomicInteger();
    assertThat(poll.await(looks::incrementAndGet).runs())
        .extracting(claimed -> claimed.runId())
        .containsExactly(run);
    assertThat(looks).as("it continues where it stopped").hasValue(1);
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

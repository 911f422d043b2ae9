package dev.fanfare.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.Engine;
import dev.fanfare.server.Item;
import dev.fanfare.server.Tenant;
import dev.fanfare.server.Worker;
import dev.fanfare.server.lease.ClaimedRun;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Hot tables are replaced again and again while runs are triggered, claimed and reported. */
class DeadRowRaceTest {
  private static final int CALLERS = 3;
  private static final int RUNS = 2_000;

  @AutoClose final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  @Test
  void no_run_is_lost_or_executed_twice() throws Exception {
    DeadRowSweep sweep = new DeadRowSweep(engine.database, 0, 0);
    AtomicInteger executed = new AtomicInteger();
    List<UUID> ids = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<UUID>>> triggers = new ArrayList<>();
      List<Future<?>> workers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        triggers.add(threads.submit(this::trigger));
        workers.add(threads.submit(() -> execute(executed)));
      }
      // Between two steps, a transaction is open: that of the first, which the second takes as
      // long.
      int steps = 0;
      while (executed.get() < CALLERS * RUNS && workers.stream().noneMatch(Future::isDone)) {
        engine.database.transaction(tx -> {
          sweep.runOnce(0, engine.clock.instant());
          return sweep.runOnce(0, engine.clock.instant());
        });
        steps++;
      }
      assertThat(steps).isPositive();
      for (Future<List<UUID>> trigger : triggers) {
        ids.addAll(trigger.get());
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
    }
    assertThat(ids).hasSize(CALLERS * RUNS);
    assertThat(executed).hasValue(CALLERS * RUNS);
    assertThat(ids).allMatch(id -> tenant.status(id) == RunStatus.COMPLETED);
    assertThat(tenant.count("ready") + tenant.count("leases")).isZero();
    assertThat(
            tenant.number(
                "select max(substring(relname from '[0-9]+$')::int) as n from pg_class"
                    + " where relname ~ '^ready_[0-9]+$' and :environment > 0"))
        .as("the tables were replaced")
        .isGreaterThan(3);
  }

  private List<UUID> trigger() {
    List<UUID> ids = new ArrayList<>();
    while (ids.size() < RUNS) {
      Item[] items = new Item[20];
      for (int i = 0; i < items.length; i++) {
        items[i] = i % 3 == 0 ? Item.of("limited") : Item.of("a");
      }
      tenant.batch(items).items().forEach(item -> ids.add(item.runId()));
    }
    return ids;
  }

  private void execute(AtomicInteger executed) {
    Worker worker = tenant.worker(Tenant.task("a"), Tenant.limited("limited", "q", 50));
    while (executed.get() < CALLERS * RUNS) {
      List<ClaimedRun> runs = worker.claim(50);
      for (ClaimedRun run : runs) {
        if (worker.succeed(run, "1").lost().isEmpty()) {
          executed.incrementAndGet();
        }
      }
    }
  }
}

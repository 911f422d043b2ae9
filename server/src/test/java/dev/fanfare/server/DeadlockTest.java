package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.LeaseRef;
import dev.fanfare.testkit.Seed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Everything that locks rows, concurrently and in every order. PostgreSQL resolves a deadlock and
 * the server retries the failed transaction, so nothing but a lost second shows it. The test
 * therefore reads PostgreSQL's own count.
 */
class DeadlockTest {
  private static final int TASKS = 4;

  @Test
  void concurrent_triggers_claims_and_reports_never_deadlock() {
    Seed.run(random -> {
      long seed = random.nextLong();
      try (Engine engine = Engine.start()) {
        Tenant tenant = engine.tenant();
        TaskDefinition[] tasks = new TaskDefinition[TASKS];
        for (int i = 0; i < TASKS; i++) {
          tasks[i] = Tenant.limited("task " + i, "queue " + (TASKS - i), 200);
        }
        Worker[] workers = new Worker[4];
        for (int i = 0; i < workers.length; i++) {
          workers[i] = tenant.worker(tasks);
        }
        Concurrently.call(
            8,
            i -> {
              Random own = new Random(seed + i);
              for (int round = 0; round < 12; round++) {
                if (i < workers.length) {
                  report(workers[i], own);
                } else {
                  tenant.batch(items(own));
                  engine.clock.advance(Duration.ofMillis(200));
                  tenant.queueDue(engine.clock.instant());
                }
              }
              return i;
            });
        engine.sweepAll(tenant.now());
        assertThat(engine.deadlocks()).isZero();
      }
    });
  }

  /** Items of all tasks in random order, with keys that other batches use too. */
  private static Item[] items(Random random) {
    List<Integer> keys = new ArrayList<>();
    for (int key = 0; key < 80; key++) {
      keys.add(key);
    }
    Collections.shuffle(keys, random);
    return keys.stream()
        .limit(60)
        .map(key -> {
          Item item = Item.of("task " + key % TASKS);
          return key % 2 == 0
              ? item.key("key " + key)
              : item.debounce("key " + key, Duration.ofSeconds(1)).trailing().tags("tag " + key);
        })
        .toArray(Item[]::new);
  }

  /** Claims runs and reports them together: successes, failures and hand-backs, in random order. */
  private static void report(Worker worker, Random random) {
    List<ClaimedRun> runs = new ArrayList<>(worker.claim(40));
    Collections.shuffle(runs, random);
    List<Finished> finished = new ArrayList<>();
    List<LeaseRef> returned = new ArrayList<>();
    for (ClaimedRun run : runs) {
      switch (random.nextInt(3)) {
        case 0 -> finished.add(Worker.success(run, 1, "1"));
        case 1 -> finished.add(Worker.failure(run, 1, false));
        default -> returned.add(new LeaseRef(run.runId(), run.fence()));
      }
    }
    worker.report(List.of(), finished, returned);
  }

  @Test
  void concurrent_triggers_of_new_tasks_and_queues_never_deadlock() {
    Seed.run(random -> {
      long seed = random.nextLong();
      try (Engine engine = Engine.start()) {
        Tenant tenant = engine.tenant();
        Concurrently.call(
            8,
            i -> {
              Random own = new Random(seed + i);
              for (int round = 0; round < 40; round++) {
                tenant.batch(newTasksAndQueues(round, own));
              }
              return i;
            });
        assertThat(engine.deadlocks()).isZero();
      }
    });
  }

  /** Items of new tasks; some name the queues that others have of their own. */
  private static Item[] newTasksAndQueues(int round, Random random) {
    Item[] items = new Item[6];
    for (int i = 0; i < items.length; i++) {
      String task = "new " + round + " " + random.nextInt(12);
      items[i] = Item.of(task);
      if (i % 2 == 0) {
        items[i] = items[i].queue("task/new " + round + " " + random.nextInt(12));
      }
    }
    return items;
  }
}

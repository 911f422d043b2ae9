package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.LeaseRef;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.Seed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Everything that locks rows, concurrently and in every order. PostgreSQL resolves a deadlock and
 * the server retries the failed transaction, so nothing but a lost second shows it. The test
 * therefore reads PostgreSQL's own count.
 */
class DeadlockTest {
  private static final int TASKS = 4;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

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

  @Test
  void a_claim_that_tells_of_a_cancel_and_the_close_of_its_session_do_not_deadlock()
      throws Exception {
    try (Engine engine = Engine.start()) {
      Tenant tenant = engine.tenant();
      Worker worker = tenant.worker(Tenant.task("held"), Tenant.limited("a", "q", 5));
      UUID held = tenant.trigger(Item.of("held"));
      worker.claimOne();
      tenant.trigger(Item.of("a"));
      tenant.cancel(held);
      // The claim has to insert the counter of the queue, and waits while somebody else inserts it.
      Holding inserted =
          Holding.of(
              engine,
              tenant,
              """
              insert into slots (environment_id, queue_id, concurrency_key, in_use)
              select environment_id, queue_id, '', 0
                from queues
               where environment_id = :environment
                 and name = 'q'
              returning 1
              """);
      Thread claim = Thread.ofVirtual().start(() -> worker.claim(5));
      awaitWaiting(engine, 1);
      Thread close = Thread.ofVirtual().start(worker::close);
      Await.until(
          "the close to end, or to wait for the claim",
          PATIENCE,
          () -> !close.isAlive() || waiting(engine) == 2);
      inserted.end();
      claim.join();
      close.join();
      assertThat(tenant.count("leases")).isZero();
      assertThat(tenant.count("sessions")).isZero();
      assertThat(engine.deadlocks()).isZero();
    }
  }

  @Test
  void a_cancel_of_a_family_and_the_expiry_of_its_runs_do_not_deadlock() throws Exception {
    try (Engine engine = Engine.start()) {
      Tenant tenant = engine.tenant();
      Duration ttl = Duration.ofSeconds(1);
      UUID root = tenant.trigger(Item.of("a"));
      UUID child = tenant.trigger(Item.of("a").parent(root));
      UUID grandchild = tenant.trigger(Item.of("a").parent(child).ttl(ttl));
      tenant.trigger(Item.of("a").parent(root).ttl(ttl)); // canceled before the older grandchild
      Holding locked =
          Holding.of(
              engine,
              tenant,
              "select from ready where environment_id = :environment and last_id = '"
                  + grandchild
                  + "' for update");
      Thread expire =
          Thread.ofVirtual()
              .start(() -> engine.sweep("ExpireSweep", engine.clock.instant().plusSeconds(60)));
      Await.until(
          "the sweep to end, or to wait for the grandchild",
          PATIENCE,
          () -> !expire.isAlive() || waiting(engine) == 1);
      Thread cancel = Thread.ofVirtual().start(() -> tenant.cancel(root));
      awaitWaiting(engine, expire.isAlive() ? 2 : 1);
      locked.end();
      expire.join();
      cancel.join();
      assertThat(tenant.count("ready")).isZero();
      assertThat(tenant.count("outcomes")).isEqualTo(4);
      engine.sweep("ExpireSweep", engine.clock.instant().plusSeconds(60));
      assertThat(tenant.count("expiries")).isZero();
      assertThat(engine.deadlocks()).isZero();
    }
  }

  private static void awaitWaiting(Engine engine, int transactions) {
    Await.until(
        transactions + " transactions to wait for a lock",
        PATIENCE,
        () -> waiting(engine) == transactions);
  }

  /** How many transactions wait for a lock. */
  private static int waiting(Engine engine) {
    return engine.database.transaction(tx ->
        tx.sql(
                """
                select count(*)::int as n
                  from pg_stat_activity
                 where datname = current_database()
                   and wait_event_type = 'Lock'
                """)
            .first(r -> r.integer("n")));
  }

  /** A transaction that stays open after its statement. */
  private record Holding(Thread thread, CountDownLatch mayEnd) {
    static Holding of(Engine engine, Tenant tenant, String sql) throws InterruptedException {
      CountDownLatch begun = new CountDownLatch(1);
      CountDownLatch mayEnd = new CountDownLatch(1);
      Thread thread =
          Thread.ofVirtual()
              .start(() ->
                  engine.database.transaction(
                      tenant.id(),
                      tx -> {
                        tx.sql(sql).list(r -> true);
                        begun.countDown();
                        try {
                          return mayEnd.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                        } catch (InterruptedException e) {
                          throw new AssertionError(e);
                        }
                      }));
      assertThat(begun.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      return new Holding(thread, mayEnd);
    }

    void end() throws InterruptedException {
      mayEnd.countDown();
      thread.join();
    }
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

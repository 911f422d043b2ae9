package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.testkit.Seed;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Clients and workers of two servers use names that the sweeps retire at the same time. Days pass
 * between the calls, and never within one: no transaction takes as long.
 */
@Timeout(300)
class RetirementRaceTest {
  private static final int NAMES = 24;
  private static final int CALLS = 150;
  private static final int CLIENTS = 3;
  private static final int WORKERS = 2;

  @AutoClose static final Engine engine = Engine.start();

  @Test
  void no_run_is_lost_and_no_row_refers_to_one_that_was_retired() {
    Seed.run(random -> new Race(engine.tenant(), random).run());
  }

  private static final class Race {
    private final Tenant tenant;
    private final SplittableRandom random;
    private final Components other = engine.server();

    /** A call has the read lock; a day passes under the write lock. */
    private final ReadWriteLock day = new ReentrantReadWriteLock(true);

    private final AtomicBoolean over = new AtomicBoolean();
    private final ConcurrentLinkedQueue<UUID> accepted = new ConcurrentLinkedQueue<>();

    Race(Tenant tenant, SplittableRandom random) {
      this.tenant = tenant;
      this.random = random;
    }

    void run() throws Exception {
      try (ExecutorService threads = Executors.newCachedThreadPool()) {
        List<Future<?>> calls = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          calls.add(threads.submit(repeated(random.split(), this::trigger)));
        }
        for (int i = 0; i < WORKERS; i++) {
          calls.add(threads.submit(repeated(random.split(), this::work)));
        }
        Future<?> days = threads.submit(passDays(random.split()));
        try {
          for (Future<?> call : calls) {
            call.get();
          }
        } finally {
          over.set(true);
        }
        days.get();
      }
      check();
      drain();
    }

    private Callable<Void> repeated(
        SplittableRandom mine, java.util.function.Consumer<SplittableRandom> call) {
      return () -> {
        for (int i = 0; i < CALLS; i++) {
          day.readLock().lock();
          try {
            call.accept(mine);
          } finally {
            day.readLock().unlock();
          }
        }
        return null;
      };
    }

    private static String task(SplittableRandom mine) {
      return "task " + mine.nextInt(NAMES);
    }

    private static String version(SplittableRandom mine) {
      return "v" + mine.nextInt(NAMES / 4);
    }

    private static String queue(SplittableRandom mine) {
      return "queue " + mine.nextInt(NAMES);
    }

    private void trigger(SplittableRandom mine) {
      Item item = Item.of(task(mine));
      switch (mine.nextInt(5)) {
        case 0 -> item.queue(queue(mine));
        case 1 -> item.concurrencyKey("key " + mine.nextInt(3));
        case 2 -> item.lockToVersion(version(mine));
        default -> {}
      }
      try {
        accepted.add(
            mine.nextBoolean()
                ? tenant.triggerOn(mine.nextBoolean() ? engine.components : other, item)
                : tenant.batch(item, Item.of(task(mine))).items().getFirst().runId());
      } catch (HttpError e) {
        assertThat(e).hasMessageMatching("(?s).*locked (to )?version.*");
      }
    }

    /** Opens a session, executes what waits for its tasks, and closes. */
    private void work(SplittableRandom mine) {
      TaskDefinition[] tasks =
          IntStream.range(0, 6)
              .mapToObj(i ->
                  mine.nextInt(3) == 0
                      ? Tenant.limited(task(mine), queue(mine), 50)
                      : Tenant.task(task(mine)))
              .toArray(TaskDefinition[]::new);
      Worker worker = tenant.workerOf(version(mine), tasks);
      worker.claim(Tenant.SLOTS).forEach(run -> worker.succeed(run, "1"));
      worker.close();
    }

    private Callable<Void> passDays(SplittableRandom mine) {
      return () -> {
        Instant now = tenant.now();
        while (!over.get()) {
          day.writeLock().lock();
          try {
            now = now.plus(Duration.ofDays(mine.nextInt(4) == 0 ? 31 : 1)).plusSeconds(1);
            forgetFinalRuns();
            engine.sweep("SlotSweep", now);
            engine.sweep("LaneSweep", now); // stored times are days ago: it would mark each lane
          } finally {
            day.writeLock().unlock();
          }
          engine.sweep("RetireSweep", now);
        }
        return null;
      };
    }

    /** As if the partitions of final runs had been dropped. */
    private void forgetFinalRuns() {
      engine.database.transaction(
          tenant.id(),
          tx ->
              tx.sql(
                      """
                      with gone as (
                        delete from outcomes
                         where environment_id = :environment
                        returning run_id
                      )
                      delete from runs
                       where environment_id = :environment
                         and run_id in (select run_id from gone)
                      """)
                  .update());
    }

    private void check() {
      Invariants.check(tenant);
      assertThat(tenant.number("select max(task_id) as n from tasks where :environment > 0"))
          .as("numbers of tasks: they were retired and inserted again")
          .isGreaterThan(2 * NAMES);
      accepted.removeIf(run -> tenant.number(STORED.formatted(run)) == 0);
      accepted.forEach(run -> assertThat(tenant.run(run).id()).isEqualTo(run));
    }

    /** Whatever waits is claimed by workers of its task and version, and completes. */
    private void drain() {
      Invariants.check(tenant);
      int open = tenant.count("ready");
      TaskDefinition[] tasks =
          IntStream.range(0, NAMES)
              .mapToObj(i -> Tenant.task("task " + i))
              .toArray(TaskDefinition[]::new);
      int completed = 0;
      for (int version = 0; version < NAMES / 4; version++) {
        Worker worker = tenant.workerOf("v" + version, tasks);
        for (List<ClaimedRun> runs = worker.claim(100); !runs.isEmpty(); runs = worker.claim(100)) {
          runs.forEach(run -> worker.succeed(run, "1"));
          completed += runs.size();
        }
      }
      assertThat(completed).as("runs that waited").isEqualTo(open);
      accepted.forEach(run -> assertThat(tenant.status(run)).isEqualTo(RunStatus.COMPLETED));
      Invariants.check(tenant);
    }
  }

  private static final String STORED =
      """
      select count(*)::int as n
        from runs
       where environment_id = :environment
         and run_id = '%s'
      """;
}
